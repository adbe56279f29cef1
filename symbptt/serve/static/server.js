// Questions to the server. Of a kind that comes with every key, only the newest waits.

import {lang, say} from "./dom.js"

export class Failure extends Error {}

// The answer to a task; Failure, with words for people, where there is none.
export async function ask(task, question, signal) {
  let response
  try {
    response = await fetch(`/api/${task}`, {
      method: "POST", signal, headers: {"Content-Type": "application/json"},
      body: JSON.stringify({...question, lang}),
    })
  } catch (error) {
    if (error.name === "AbortError") throw error
    throw new Failure(say("lost_server"))
  }
  const answer = await response.json().catch(() => ({refused: ""}))
  if (answer.lost) throw new Failure(say(`lost_${answer.lost}`))
  if ("refused" in answer) throw new Failure(`${say("lost_refused")} ${answer.refused}`.trim())
  return answer
}

// A function that asks a while after the last call, one question at a time, and shows the answer
// to the newest.
export function live(task, question, show, pause = 100) {
  let timer = 0, busy = false, again = false
  async function go() {
    if (busy) {
      again = true
      return
    }
    busy = true
    const asked = question()
    try {
      if (asked) show(await ask(task, asked), asked)
      else show(null)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      show({ok: false, error: {message: error.message}}, asked)
    } finally {
      busy = false
      if (again) {
        again = false
        go()
      }
    }
  }
  return (soon = false) => {
    clearTimeout(timer)
    timer = setTimeout(go, soon ? 0 : pause)
  }
}
