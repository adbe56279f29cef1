"""symbptt classify FILE: matrices of floats."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from symbptt.core.errors import SymbpttError
from symbptt.spectral.floats import FloatGrowth, FloatPower, classify_floats, power_of_floats

_SHOWN = 6  # rows and columns


def print_floats(file: Path, power: int | None, as_json: bool) -> None:
    """The growth of the powers of a matrix in a file, and one of them."""
    matrix = _read(file)
    growth = classify_floats(matrix)
    found = None if power is None else power_of_floats(matrix, power)
    if as_json:
        data: dict[str, Any] = asdict(growth)
        if found is not None:
            data["power"] = {k: v.tolist() if hasattr(v, "tolist") else v
                             for k, v in asdict(found).items()}  # fmt: skip
        print(json.dumps(data))
        return
    print("\n".join(_told(growth)))
    if found is not None:
        print("\n".join(_power(found, power)))


def _read(file: Path) -> Any:
    """The numbers of a .csv or .npy file."""
    try:
        if file.suffix == ".npy":
            return np.load(file, allow_pickle=False)
        return np.loadtxt(file, delimiter=",", ndmin=2)
    except FileNotFoundError as error:
        raise SymbpttError(f"there is no file {file}") from error
    except OSError as error:
        raise SymbpttError(f"{file}: cannot read it: {error.strerror}") from error
    except (ValueError, EOFError) as error:
        why = "" if file.suffix == ".npy" else f": {str(error).partition(';')[0]}"
        raise SymbpttError(
            f"{file}: no matrix of numbers can be read{why}",
            hint="numpy.save(FILE, W) or numpy.savetxt(FILE, W, delimiter=',') writes one",
        ) from error


def _told(g: FloatGrowth) -> list[str]:
    why = {
        "vanishing": f"the powers tend to zero: the norm of W^{g.exponent} is below 1",
        "exponential": f"the powers grow without bound: the trace of W^{g.exponent} is too large "
        "for a spectral radius of 1",
    }.get(g.kind.value, f"undecided: entries are known to {g.tolerance:g} of the norm only")
    return [
        f"{why}.",
        f"spectral radius (computed)   {g.radius:.6g}",
        f"norm                         {g.norm:.6g}",
        f"condition of eigenvectors    {g.condition:.3g}",
        f"normal                       {'yes' if g.normal else 'no'}",
    ]


def _power(p: FloatPower, exponent: int | None) -> list[str]:
    shown = np.array2string(p.value, precision=6, threshold=_SHOWN**2, edgeitems=_SHOWN // 2)
    return [
        "",
        f"W^{exponent} =",
        shown,
        f"error at most                {p.bound:.3g} (Frobenius norm)",
        f"against eigenvalues          {p.difference:.3g}",
    ]
