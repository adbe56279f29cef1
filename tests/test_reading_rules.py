r"""Every rule of reading, told by a claim that is right under it and one that is wrong."""

# ruff: noqa: E501
from __future__ import annotations

import pytest

from symbptt import check

TRUE, WRONG = {"proved", "equal"}, {"wrong"}
DEFINED = {"definition", *TRUE}
CLASH, LAYOUT, ASSUMING = {"ill-shaped"}, {"layout"}, {"assuming"}

RNN = r"""
x_t \in \mathbb{R}^d
h_t \in \mathbb{R}^n
a_t = W h_{t-1} + U x_t + b
h_t = \sigma(a_t)
L = \sum_{t=1}^{T} L_t(h_t)
"""
TANH = r"""
x_t \in \mathbb{R}^d
h_t \in \mathbb{R}^n
h_t = \tanh(W h_{t-1} + U x_t + b)
o_t = V h_t + c
L = \sum_{t=1}^{T} \frac12 \|o_t - y_t\|^2
"""
OUTPUT = r"""
h_t \in \mathbb{R}^n
y_t \in \mathrm{onehot}(q)
z_t = V h_t
p_t = \mathrm{softmax}(z_t)
L_t = -y_t^\top \log p_t
L = \sum_{t=1}^{T} L_t
"""
LAYER = r"""
x \in \mathbb{R}^d
y \in \mathbb{R}^n
y = \sigma(W x)
"""
GATE = r"""
x_t \in \mathbb{R}^d
h_t \in \mathbb{R}^n
z_t = \mathrm{sigmoid}(W_z x_t)
c_t = z_t \odot c_{t-1} + (1 - z_t) \odot \tanh(W_c x_t)
h_t = c_t
L = \sum_{t=1}^{T} L_t(h_t)
"""
STATE = r"""
u_t \in \mathbb{R}^m
x_t \in \mathbb{R}^n
x_t = F(x_{t-1}, u_t, \theta)
\theta = (W, b)
L = \sum_{t=1}^{T} \ell(x_t, y_t)
"""
TIMED = r"""
S(t) \in \mathbb{R}^n
X(t) \in \mathbb{R}^d
S(t) = f(A S(t-1) + B X(t))
J = \sum_{t=1}^{T} J_t(S(t))
"""
SUP = r"""
x^{(t)} \in \mathbb{R}^d
h^{(t)} \in \mathbb{R}^n
h^{(t)} = \tanh(W h^{(t-1)} + U x^{(t)})
L = \sum_{t=1}^{\tau} L^{(t)}(h^{(t)})
"""
CELL = r"""
x \in \mathbb{R}^d
c_{prev} \in \mathbb{R}^n
f = \mathrm{sigmoid}(W_f x)
g = \tanh(W_g x)
c_{next} = f * c_{prev} + (1 - f) * g
L = \ell(c_{next})
"""
ROWS = r"""
x_t \in \mathbb{R}^{1 \times d}
h_t \in \mathbb{R}^{1 \times n}
W \in \mathbb{R}^{n \times n}
s_t = x_t U + h_{t-1} W
h_t = \tanh(s_t)
L = \sum_{t=1}^{T} L_t(h_t)
"""
BATCH = r"""
X_t \in \mathbb{R}^{N \times d}
H_t \in \mathbb{R}^{N \times n}
W \in \mathbb{R}^{n \times n}
U \in \mathbb{R}^{d \times n}
Z_t = X_t U + H_{t-1} W
H_t = \tanh(Z_t)
L = \sum_{t=1}^{T} L_t(H_t)
"""
RELU = r"""
x_t \in \mathbb{R}^d
h_t \in \mathbb{R}^n
a_t = W h_{t-1} + U x_t
h_t = \max(0, a_t)
L = \sum_{t=1}^{T} L_t(h_t) + \frac{\lambda}{2} \|W\|_F^2
"""
SCALAR = r"""
h_t \in \mathbb{R}
x_t \in \mathbb{R}
h_t = \tanh(w h_{t-1} + x_t)
L = \frac12 (h_2 - y)^2
w = 0.5
h_0 = 0
x_1 = 1
x_2 = 0.5
"""
LAST = r"""
x_t \in \mathbb{R}^d
h_t \in \mathbb{R}^n
h_t = \tanh(W h_{t-1} + U x_t)
L = \ell(h_T)
"""
LINEAR = r"""
h_t \in \mathbb{R}^n
h_t = W h_{t-1}
"""
NUMBERS = r"""
W \in \mathbb{R}^{2 \times 2}
h_t \in \mathbb{R}^2
W = \begin{pmatrix} 0.5 & 0.25 \\ 0 & 0.5 \end{pmatrix}
h_t = W h_{t-1}
"""

CASES = [
    # layout
    (LAYER, r"\frac{\partial y}{\partial x} = \mathrm{diag}(\sigma'(W x)) W", TRUE),
    (LAYER, r"\frac{\partial y}{\partial x} = W^\top \mathrm{diag}(\sigma'(W x))", LAYOUT),
    (LAYER + "layout: denominator", r"\frac{\partial y}{\partial x} = W^\top \mathrm{diag}(\sigma'(W x))", TRUE),
    (LAYER + "layout: denominator", r"\frac{\partial y}{\partial x} = W \mathrm{diag}(\sigma'(W x))", WRONG | CLASH),
    (RNN, r"\frac{\partial L}{\partial h_t} \frac{\partial h_t}{\partial a_t} = \left(\sigma'(a_t) \odot \nabla_{h_t} L\right)^\top", TRUE),
    (RNN, r"\nabla_{a_t} L = \mathrm{diag}(\sigma'(a_t)) \nabla_{h_t} L", TRUE),
    (RNN, r"\nabla_{a_t} L = \mathrm{diag}(\sigma'(h_t)) \nabla_{h_t} L", WRONG),
    (RNN, r"\frac{\partial L}{\partial W} = \sum_t \frac{\partial L}{\partial a_t} h_{t-1}^\top", TRUE),
    (RNN, r"\frac{\partial L}{\partial W} = \sum_t h_{t-1} \frac{\partial L}{\partial a_t}", WRONG | CLASH | LAYOUT),
    # the order of products
    (RNN, r"\frac{\partial h_t}{\partial h_k} = \prod_{i=k+1}^{t} \mathrm{diag}(\sigma'(a_i)) W", TRUE),
    (RNN, r"\frac{\partial h_t}{\partial h_k} = \prod_{i=t}^{k+1} \mathrm{diag}(\sigma'(a_i)) W", TRUE),
    (RNN, r"\frac{\partial h_t}{\partial h_k} = \prod_{i=k}^{t} \mathrm{diag}(\sigma'(a_i)) W", WRONG),
    # immediate and total
    (RNN, r"\frac{\partial L_t}{\partial W} = \sum_{k=1}^{t} \frac{\partial L_t}{\partial h_t} \frac{\partial h_t}{\partial h_k} \frac{\partial^+ h_k}{\partial W}", TRUE),
    (RNN, r"\frac{\partial L_t}{\partial W} = \sum_{k=1}^{t} \frac{\partial L_t}{\partial h_t} \frac{\partial h_t}{\partial h_k} \frac{\partial h_k}{\partial W}", TRUE),
    (RNN, r"\frac{\partial h_t}{\partial b} = \frac{\partial^+ h_t}{\partial b}", WRONG | ASSUMING),
    (RNN, r"∂h_t/∂b = ∂^+ h_t/∂b + ∂h_t/∂h_{t-1} ∂h_{t-1}/∂b", TRUE),
    (RNN, r"\frac{\partial L}{\partial W} = \sum_{t=1}^{T} \frac{\partial L}{\partial W^{(t)}}", TRUE),
    (RNN, r"\frac{\partial L}{\partial W_t} = \frac{\partial L}{\partial a_t} h_{t-1}^\top", TRUE),
    (RNN, r"\frac{\partial L}{\partial W_t} = \frac{\partial L}{\partial a_t} h_{t}^\top", WRONG),
    (TIMED, r"\frac{\partial J}{\partial A} = \sum_{\tau=1}^{T} \frac{\partial J}{\partial A(\tau)}", TRUE),
    # indices
    (r"h_n = \tanh(W h_{n-1} + U x_n)" "\n" r"E = \sum_{n=1}^{N} E_n(h_n)", r"\frac{\partial E}{\partial h_N} = \frac{\partial E_N}{\partial h_N}", TRUE),
    (r"h_{n+1} = \tanh(W h_n + U x_n)", r"\frac{\partial h_{n+1}}{\partial h_n} = \mathrm{diag}(1 - h_{n+1}^2) W", TRUE),
    (r"h_{n+1} = \tanh(W h_n + U x_n)", r"\frac{\partial h_{n+1}}{\partial h_n} = \mathrm{diag}(1 - h_{n}^2) W", WRONG),
    (SUP, r"\nabla_{h^{(\tau)}} L = \nabla_{h^{(\tau)}} L^{(\tau)}", TRUE),
    (SUP, r"\nabla_{h^{(1)}} L = \nabla_{h^{(1)}} L^{(1)}", WRONG),
    (r"h_t = \tanh(W h_{t-1} + U x_t)" "\n" r"L = \sum_{t=0}^{T} L_t(h_t)", r"\frac{\partial L}{\partial h_0} = \sum_{t=0}^{T} \frac{\partial L_t}{\partial h_t} \frac{\partial h_t}{\partial h_0}", TRUE),
    (TANH, r"h_2 = \tanh(W h_1 + U x_2 + b)", TRUE),
    (TANH, r"h_2 = \tanh(W h_2 + U x_2 + b)", WRONG),
    (TANH, r"\frac{\partial h_{t,i}}{\partial h_{t-1,j}} = (1 - h_{t,i}^2) w_{ij}", TRUE),
    (TANH, r"\frac{\partial h_i^t}{\partial h_j^{t-1}} = (1 - (h_i^t)^2) w_{ji}", WRONG),
    (TANH, r"o_{t,j} = \sum_i V_{ji} h_i^{(t)} + c_j", TRUE),
    (TANH, r"(U x_t)_j = \sum_k u_{jk} x_{t,k}", TRUE),
    (TANH, r"(U x_t)_j = \sum_k u_{kj} x_{t,k}", WRONG | CLASH),
    (TANH, r"\mathbf{o}_t = \mathbf{V} {\bf h}_t + \bm{c}", TRUE),
    (TANH, r"\mathbf{o}_t = \mathbf{V} {\bf h}_{t-1} + \bm{c}", WRONG),
    # names
    (STATE, r"\frac{\partial L}{\partial \theta} = \sum_{t=1}^{T} \frac{\partial L}{\partial x_t} \frac{\partial^+ x_t}{\partial \theta}", TRUE),
    (STATE, r"\frac{\partial L}{\partial \theta} = \sum_{t=1}^{T-1} \frac{\partial L}{\partial x_t} \frac{\partial^+ x_t}{\partial \theta}", WRONG),
    (r"h_t = f_W(h_{t-1}, x_t)" "\n" r"L = \ell(h_T)", r"\frac{\partial L}{\partial h_t} = \frac{\partial L}{\partial h_{t+1}} \frac{\partial f_W(h_t, x_{t+1})}{\partial h_t}", TRUE),
    (TANH, r"a_t = (W, U) \begin{pmatrix} h_{t-1} \\ x_t \end{pmatrix} + b, \quad h_t = \tanh(a_t)", DEFINED),
    (TANH, r"a_t = (W, U) \begin{pmatrix} h_{t-1} \\ x_t \end{pmatrix}, \quad h_t = \tanh(a_t)", WRONG),
    (LAYER, r"\frac{\partial y}{\partial x} = \mathrm{diag}(\sigma') W", TRUE),
    (LAYER, r"\frac{\partial y}{\partial x} = W \mathrm{diag}(\sigma')", WRONG | CLASH),
    (RNN, r"\frac{\partial h_t}{\partial a_t} = \mathrm{diag}(\sigma'(\cdot))", TRUE),
    (RNN, r"x_t = U^\top h_{t-1}", DEFINED),
    (RNN, r"q_t = W^\top h_t", DEFINED),
    # numbers
    (TANH, r"\frac{\partial h_t}{\partial x_{t+1}} = 0", TRUE),
    (TANH, r"\frac{\partial h_{t}}{\partial x_{t}} = 0", WRONG),
    (GATE, r"1 - z_t = 1 - \frac{1}{1 + e^{-W_z x_t}}", TRUE),
    (GATE, r"z_t \in [0, 1]", TRUE),
    (GATE, r"z_t > \frac12", WRONG),
    (LINEAR, r"W = 1", CLASH),
    (NUMBERS, r"W^2 = \begin{pmatrix} 0.25 & 0.25 \\ 0 & 0.25 \end{pmatrix}", TRUE),
    (NUMBERS, r"W^3 \approx \begin{pmatrix} 0.13 & 0.19 \\ 0 & 0.13 \end{pmatrix}", TRUE),
    (NUMBERS, r"W^3 \approx \begin{pmatrix} 0.13 & 0.20 \\ 0 & 0.13 \end{pmatrix}", WRONG),
    (NUMBERS, r"0.5^{40} \approx 9.095e-13", TRUE),
    (NUMBERS, r"0.5^{40} \approx 9.1 \cdot 10^{-12}", WRONG),
    (NUMBERS, r"0.1^3 = 1.0 \times 10^{-3}", TRUE),
    (TANH + "W = 2 I", r"\frac{\partial h_t}{\partial h_{t-1}} = 2 \mathrm{diag}(1 - h_t^2)", TRUE),
    (LAYER, r"\begin{bmatrix} y_1 \\ \vdots \\ y_n \end{bmatrix} = \begin{bmatrix} \sigma(\sum_j w_{1j} x_j) \\ \vdots \\ \sigma(\sum_j w_{nj} x_j) \end{bmatrix}", TRUE),
    (LAYER, r"\begin{bmatrix} y_1 \\ \cdot \\ \cdot \\ y_n \end{bmatrix} = \begin{bmatrix} \sum_j w_{1j} x_j \\ \cdot \\ \cdot \\ \sum_j w_{nj} x_j \end{bmatrix}", WRONG),
    # words of mathematics
    (TANH, r"q_t := V h_t, \quad o_t = q_t + c", DEFINED),
    (TANH, r"q_t \triangleq V h_t, \quad o_t = q_t - c", WRONG),
    (LINEAR, r"\forall t \ge 1: h_t = W h_{t-1}", TRUE),
    (LINEAR, r"\forall k < t: \frac{\partial h_t}{\partial h_k} = W^{t-k}", TRUE),
    (LINEAR, r"\forall k < t: \frac{\partial h_t}{\partial h_k} = W^{t-k-1}", WRONG),
    (TANH, r"\max_i |h_{t,i}| \le 1", TRUE),
    (TANH, r"\max_i |h_{t,i}| \le \frac12", WRONG),
    (LINEAR, r"\rho(W) \le \sigma_{\max}(W)", TRUE),
    (LINEAR, r"\sigma_{\max}(W) \le \rho(W)", WRONG),
    (LINEAR, r"\kappa(W) = \|W\| \|W^{-1}\|", TRUE),
    (LINEAR, r"\mathrm{tr}(W W^\top) = \mathrm{tr}(W^\top W)", TRUE),
    (LINEAR, r"\mathrm{tr}(W W^\top) = \mathrm{tr}(W W)", WRONG),
    (LINEAR, r"\|W h_t\| \le \|W\| \|h_t\|", TRUE),
    (LINEAR, r"\|W h_t\| = \|W\| \|h_t\|", WRONG),
    # several claims in one, ranges, open ends
    (TANH, r"\nabla_c L = \sum_t (o_t - y_t), \quad \nabla_V L = \sum_t (o_t - y_t) h_t^\top", TRUE),
    (TANH, r"\nabla_c L = \sum_t (o_t - y_t), \quad \nabla_V L = \sum_t (y_t - o_t) h_t^\top", WRONG),
    (LINEAR, r"h_t = W^{t-k} h_k \quad (k = 0, \dots, t)", TRUE),
    (LINEAR, r"h_t = W^{t-k} h_{k-1} \quad (k = 1, \dots, t)", WRONG),
    (LINEAR, r"\frac{\partial h_t}{\partial h_0} = \frac{\partial h_t}{\partial h_{t-1}} \frac{\partial h_{t-1}}{\partial h_0} = W \frac{\partial h_{t-1}}{\partial h_0} = \dots", TRUE),
    # time as an argument, superscripts
    (TIMED, r"\frac{\partial S(t)}{\partial S(t-1)} = \mathrm{diag}(f'(A S(t-1) + B X(t))) A", TRUE),
    (TIMED, r"\frac{\partial S(t)}{\partial S(t-1)} = \mathrm{diag}(f'(A S(t-1) + B X(t))) B", WRONG | CLASH),
    (TIMED, r"\frac{\partial S_i(t)}{\partial X_j(t)} = f'((A S(t-1) + B X(t))_i) b_{ij}", TRUE),
    (TIMED, r"\frac{\partial S(k)}{\partial X(k-1)} = \mathrm{diag}(f'(A S(k-1) + B X(k))) A \frac{\partial S(k-1)}{\partial X(k-1)}", TRUE),
    (SUP, r"\nabla_W L = \sum_{t=1}^{\tau} \mathrm{diag}(1 - (h^{(t)})^2) (\nabla_{h^{(t)}} L) h^{(t-1)\top}", TRUE),
    (SUP, r"\nabla_W L = \sum_{t=1}^{\tau} \mathrm{diag}(1 - (h^{(t)})^2) (\nabla_{h^{(t)}} L) h^{(t)\top}", WRONG),
    (SUP, r"\frac{\partial h^{<t>}}{\partial h^{<t-1>}} = \mathrm{diag}(1 - (h^{<t>})^2) W", TRUE),
    # compound scripts
    (RNN, r"\delta_{h_t} = \frac{\partial L}{\partial h_t}, \quad \delta_{a_t} = \frac{\partial L}{\partial a_t}, \quad \delta_{a_t} = \delta_{h_t} \odot \sigma'(a_t)", DEFINED),
    (RNN, r"\delta_{h_t} = \frac{\partial L}{\partial h_t}, \quad \delta_{a_t} = \frac{\partial L}{\partial a_t}, \quad \delta_{a_t} = \delta_{h_t} \odot \sigma(a_t)", WRONG),
    (RNN, r"\delta^{a_t} = \frac{\partial L}{\partial a_t}, \quad \nabla_b L = \sum_t \delta^{a_t}", DEFINED),
    (r"z_{r,t} = W_r x_t" "\n" r"r_t = \sigma(z_{r,t})" "\n" r"L = \sum_t L_t(r_t)", r"\frac{\partial L}{\partial z_{r,t}} = \frac{\partial L}{\partial r_t} \odot \sigma'(z_{r,t})", TRUE),
    # a single cell
    (CELL, r"\frac{\partial c_{next}}{\partial c_{prev}} = \mathrm{diag}(f)", TRUE),
    (CELL, r"\frac{\partial c_{next}}{\partial c_{prev}} = \mathrm{diag}(g)", WRONG),
    (CELL, r"dc_{prev} = dc_{next} * f, \quad df = dc_{next} * (c_{prev} - g)", TRUE),
    (CELL, r"df = dc_{next} * c_{prev}", WRONG),
    (GATE, r"c = z * c_{prev} + (1 - z) * \tanh(W_c x)", TRUE),
    (GATE, r"c_{next} = z * c + (1 - z) * \tanh(W_c x)", WRONG),
    # names of several letters
    (r"net_t = W y_{t-1}" "\n" r"y_t = f(net_t)", r"\frac{\partial net_t}{\partial net_{t-1}} = W \mathrm{diag}(f'(net_{t-1}))", TRUE),
    (r"net_t = W y_{t-1}" "\n" r"y_t = f(net_t)", r"\frac{\partial net_t}{\partial net_{t-1}} = W \mathrm{diag}(f'(net_{t}))", WRONG),
    (GATE, r"dW_z = \sum_t (dh_t \odot (c_{t-1} - \tanh(W_c x_t)) \odot z_t \odot (1 - z_t)) x_t^\top", WRONG),
    (GATE, r"dW_z = \sum_t (dc_t \odot (c_{t-1} - \tanh(W_c x_t)) \odot z_t \odot (1 - z_t)) x_t^\top", TRUE),
    (GATE, r"\delta W_z = \sum_t (\delta c_t \odot (c_{t-1} - \tanh(W_c x_t)) \odot z_t \odot (1 - z_t)) x_t^\top", TRUE),
    # fonts and hats around the whole symbol, macros
    (TANH, r"\mathbf{o_t} = \mathbf{V h_t} + \mathbf{c}", TRUE),
    (r"\hat{y}^t = V h^t", r"\widehat{y^t} = V \mathbf{h^t}", TRUE),
    (r"\hat{y}^t = V h^t", r"\widehat{y^t} = V \mathbf{h^{t-1}}", WRONG),
    (r"\vh_t = \tanh(\mW \vh_{t-1})", r"\frac{\partial \vh_t}{\partial \vh_{t-1}} = \diag(1 - \vh_t^2) \mW", TRUE),
    (r"\vh_t = \tanh(\mW \vh_{t-1})", r"\frac{\partial \vh_t}{\partial \vh_{t-1}} = \mW \diag(1 - \vh_t^2)", WRONG),
    # products
    (TANH, r"\nabla_V L = \sum_t (o_t - y_t) \otimes h_t", TRUE),
    (TANH, r"\nabla_V L = \sum_t h_t \otimes (o_t - y_t)", WRONG | CLASH),
    (TANH, r"\nabla_V L = \sum_t (o_t - y_t) @ h_t.T", TRUE),
    (TANH, r"o_t = V . h_t + c", TRUE),
    (TANH, r"o_t = V * h_t + c", TRUE),
    (TANH, r"\nabla_V L = \sum_t (o_t - y_t) * h_t^T", TRUE),
    (LINEAR, r"h_t = W^{t} h_0", TRUE),
    (LINEAR, r"h_t = W^{t-1} h_0", WRONG),
    (TANH, r"\nabla_{h_T} L \odot (1 - h_T^2) = (V^\top (o_T - y_T)) \odot (1 - h_T \odot h_T)", TRUE),
    (TANH, r"\nabla_b L = \sum_t (1 - h_t^2) \odot \nabla_{h_t} L", TRUE),
    (TANH, r"V^\top (o_T - y_T) \odot (1 - h_T^2) = \mathrm{diag}(1 - h_T^2) V^\top (o_T - y_T)", TRUE),
    (TANH, r"V^\top (o_T - y_T) \odot (1 - h_T^2) = \mathrm{diag}(1 - h_T) V^\top (o_T - y_T)", WRONG),
    # sums and products
    (TANH, r"L = \sum_t \frac12 \|o_t - y_t\|^2", TRUE),
    (TANH, r"L = \sum^{T} \frac12 \|o_t - y_t\|^2", TRUE),
    (RNN, r"\frac{\partial L_t}{\partial b} = \sum_{1 \le k \le t} \frac{\partial L_t}{\partial a_k}", TRUE),
    (RNN, r"\frac{\partial L_t}{\partial b} = \sum_{1 < k \le t} \frac{\partial L_t}{\partial a_k}", WRONG),
    (RNN, r"\frac{\partial h_t}{\partial h_k} = \prod_{t \ge i > k} \frac{\partial h_i}{\partial h_{i-1}}", TRUE),
    # rows, batches
    (ROWS, r"\frac{\partial L}{\partial W} = \sum_t h_{t-1}^\top \frac{\partial L}{\partial s_t}", TRUE),
    (ROWS, r"\frac{\partial L}{\partial W} = \sum_t h_{t}^\top \frac{\partial L}{\partial s_t}", WRONG),
    (BATCH, r"\frac{\partial L}{\partial W} = \sum_t H_{t-1}^\top \left(\frac{\partial L}{\partial H_t} \odot (1 - H_t \odot H_t)\right)", TRUE),
    (BATCH, r"\frac{\partial L}{\partial W} = \sum_t H_{t}^\top \left(\frac{\partial L}{\partial H_t} \odot (1 - H_t \odot H_t)\right)", WRONG),
    # accumulation, approximation, proportion, shapes, slots
    (TANH, r"dV \mathrel{+}= (o_t - y_t) h_t^\top", TRUE),
    (TANH, r"dV += (y_t - o_t) h_t^\top", WRONG),
    (TANH, r"\frac{\partial L}{\partial o_t} \propto o_t - y_t", TRUE),
    (OUTPUT, r"\frac{\partial L}{\partial V} = \sum_t (p_t - y_t) h_t^\top \in \mathbb{R}^{q \times n}", TRUE),
    (TANH, r"\frac{\partial L}{\partial U} = \sum_t \frac{\partial L}{\partial h_t} \odot (1 - h_t^2) x_t^\top \in \mathbb{R}^{d \times n}", CLASH),
    (r"h_t = f(x_t, h_{t-1}, w)", r"\frac{\partial h_t}{\partial h_{t-1}} = \partial_h f(x_t, h_{t-1}, w)", TRUE),
    (r"h_t = f(x_t, h_{t-1}, w)", r"\frac{\partial h_t}{\partial h_{t-1}} = \partial_2 f(x_t, h_{t-1}, w)", TRUE),
    (r"h_t = f(x_t, h_{t-1}, w)", r"\frac{\partial h_t}{\partial h_{t-1}} = \partial_1 f(x_t, h_{t-1}, w)", WRONG | CLASH),
    (r"h_t = f(h_{t-1})" "\n" r"o_t = V h_t" "\n" r"L = \sum_t \ell(o_t, y_t)", r"\frac{\partial L}{\partial o_t} = \partial_{o_t} \ell(o_t, y_t)", TRUE),
    # what is passed over
    (TANH, r"\underbrace{\frac{\partial L}{\partial c}}_{\text{gradient}} = \boxed{\sum_t \bigl(o_t - y_t\bigr)} \tag{3}", TRUE),
    (TANH, r"\underbrace{\frac{\partial L}{\partial c}}_{\text{gradient}} = \boxed{\sum_t \bigl(o_t + y_t\bigr)} \tag{3}", WRONG),
    # a size that nothing determines, beside a number: a number
    (SCALAR, r"\frac{\partial L}{\partial h_2} = h_2 - y", TRUE),
    (SCALAR, r"\frac{\partial L}{\partial h_2} = y - h_2", WRONG),
    # numbers inside a formula are rounded as they are printed
    (SCALAR, r"h_2 = \tanh(0.5 \cdot 0.7616 + 0.5)", TRUE),
    (SCALAR, r"h_2 = \tanh(0.5 \cdot 0.7616 + 0.5) \approx 0.7068", TRUE),
    (SCALAR, r"h_2 = \tanh(0.5 \cdot 0.7618 + 0.5)", WRONG),
    (SCALAR, r"h_2 = \tanh(0.5 \cdot 0.8 + 0.5)", WRONG),
    (SCALAR, r"h_t = \tanh(0.5001 h_{t-1} + x_t)", WRONG),
    # letters that functions are stated of
    (RNN, r"\tanh'(z) = 1 - \tanh^2(z)", TRUE),
    (RNN, r"\tanh'(z) = 1 - \tanh(z^2)", WRONG),
    (RNN, r"\frac{\partial h_t}{\partial h_{t-1}} = \mathrm{diag}(\sigma'(z)) W", {"not-understood"}),
    # an operator before a function, and before constants
    (RNN, r"\frac{d}{dz} \tanh(z) = 1 - \tanh^2 z", TRUE),
    (RELU, r"\frac{\partial}{\partial W} \frac{\lambda}{2} \|W\|_F^2 = \lambda W", TRUE),
    (RELU, r"\frac{\partial}{\partial W} \frac{\lambda}{2} \|W\|_F^2 = 2 \lambda W", WRONG),
    # indicators of signs
    (RELU, r"\frac{\partial h_t}{\partial h_{t-1}} = \mathrm{diag}(\mathbb{1}[a_t > 0]) W", TRUE),
    (RELU, r"\frac{\partial h_t}{\partial h_{t-1}} = \mathrm{diag}(\mathbf{1}_{\{a_t > 0\}}) W", TRUE),
    (RELU, r"\frac{\partial h_t}{\partial h_{t-1}} = \mathrm{diag}(\mathbb{1}[a_t \ge 0]) W", TRUE),
    (RELU, r"\frac{\partial h_t}{\partial h_{t-1}} = \mathrm{diag}(\mathbb{1}[a_t < 0]) W", WRONG),
    (RELU, r"\frac{\partial h_t}{\partial h_{t-1}} = \mathrm{diag}(\mathbb{1}[h_{t-1} > 0]) W", WRONG),
    # the norm of all entries
    (RELU, r"\|W\|_2 \le \|W\|_F", TRUE),
    (RELU, r"\|W\|_F \le \|W\|_2", WRONG),
    (RELU, r"\|W\|_F^2 = \sum_{i,j} W_{ij}^2", TRUE),
    # conditions in brackets after a claim
    (RELU, r"\frac{\partial h_t}{\partial h_k} = 0 \quad (k > t)", TRUE),
    (RELU, r"\frac{\partial h_t}{\partial h_k} = 0 \quad (k < t)", WRONG),
    # elements so many steps apart
    (RELU, r"\left\| \frac{\partial h_t}{\partial h_{t-K}} \right\| \le \|W\|^K", {"proved"}),
    (RELU, r"\left\| \frac{\partial h_t}{\partial h_{t-K}} \right\| \le \|W\|^{K+1}", WRONG),
    # a matrix without an index that depends on the step has powers, the same at every step
    (TANH, r"J = \frac{\partial h_t}{\partial h_{t-1}}, \frac{\partial h_t}{\partial h_k} = J^{t-k}", ASSUMING),
    (TANH, r"\text{令 } J = \frac{\partial h_t}{\partial h_{t-1}} \text{，则 } \frac{\partial h_3}{\partial h_1} = J^2", ASSUMING),
    (TANH, r"J = \mathrm{diag}(1 - h_t^2) W, \frac{\partial h_t}{\partial h_k} = J^{t-k}", ASSUMING),
    (TANH, r"J = W \mathrm{diag}(1 - h_t^2), \frac{\partial h_t}{\partial h_k} = J^{t-k}", WRONG),
    (TANH, r"J = \frac{\partial h_t}{\partial h_{t-1}}, \frac{\partial h_t}{\partial h_k} = J^{t-k+1}", WRONG),
    (TANH, r"J = \frac{\partial h_t}{\partial h_{t-1}}, \frac{\partial h_t}{\partial h_k} = J^k", WRONG),
    (LAST, r"J = \frac{\partial h_t}{\partial h_{t-1}}, \frac{\partial L}{\partial h_t} = \frac{\partial L}{\partial h_T} J^{T-t}", ASSUMING),
    (LAST, r"J = \frac{\partial h_t}{\partial h_{t-1}}, \frac{\partial L}{\partial h_t} = (J^\top)^{T-t} \frac{\partial L}{\partial h_T}", ASSUMING),
    (LAST, r"J = \frac{\partial h_t}{\partial h_{t-1}}, \frac{\partial L}{\partial h_t} = J^{T-t} \frac{\partial L}{\partial h_T}", WRONG),
    (TANH, r"J = \frac{\partial h_t}{\partial h_{t-1}}, \left\| \frac{\partial h_t}{\partial h_k} \right\| \le \|J\|^{t-k}", ASSUMING),
    (TANH, r"\frac{\partial h_t}{\partial h_k} = \left(\mathrm{diag}(1 - h_t^2) W\right)^{t-k}", WRONG),
    # a size whose letter is an index too
    (r"h_t \in \mathbb{R}^k" "\n" r"h_t = \tanh(W h_{t-1})" "\n" r"L = \sum_t L_t(h_t)",
     r"\frac{\partial h_t}{\partial h_k} = \prod_{j=k+1}^{t} \mathrm{diag}(1 - h_j^2) W", TRUE),
    (r"h_t \in \mathbb{R}^k" "\n" r"h_t = \tanh(W h_{t-1})" "\n" r"L = \sum_t L_t(h_t)",
     r"\frac{\partial h_t}{\partial h_k} = \prod_{j=k}^{t} \mathrm{diag}(1 - h_j^2) W", WRONG),
    # slopes written by values, in bounds
    (TANH, r"\left\| \frac{\partial h_t}{\partial h_k} \right\| \le \prod_{i=k+1}^{t} \|\mathrm{diag}(1 - h_i^2)\| \|W\| \le \|W\|^{t-k}", {"proved"}),
    (TANH, r"\prod_{i=k+1}^{t} \|\mathrm{diag}(1 - h_i^2)\| \le \frac12", WRONG),
    # rows
    (LINEAR, r"[[1, 2]] [[3], [4]] = 11", TRUE),
    (LINEAR, r"[[1], [2]] [[3, 4]] = 11", WRONG | CLASH),
]  # fmt: skip


@pytest.mark.parametrize(("model", "claim", "verdicts"), CASES)
def test_a_claim_is_read_by_its_rule(model: str, claim: str, verdicts: set[str]) -> None:
    found = check(claim, model=model)
    assert found.verdict in verdicts, (found.message, found.reading)


STATED = [
    (LAYER, r"\frac{\partial y}{\partial x} = W^\top \mathrm{diag}(\sigma'(W x))", "denominator"),
    (RNN, r"\frac{\partial h_t}{\partial h_k} = \prod_{i=k+1}^{t} \frac{\partial h_i}{\partial h_{i-1}}",
     "latest factor"),
    (RNN, r"\frac{\partial L}{\partial W} = \sum_t \frac{\partial L}{\partial h_t}"
     r" \frac{\partial h_t}{\partial W}", "immediate"),
    (LAYER, r"\frac{\partial y}{\partial x} = \mathrm{diag}(\sigma') W", "argument"),
    (RNN, r"\frac{\partial L}{\partial W_t} = \frac{\partial L}{\partial a_t} h_{t-1}^\top", "copy"),
    (TANH, r"dV = \sum_t (o_t - y_t) h_t^\top", "gradient"),
    (TANH, r"dV += (o_t - y_t) h_t^\top", "summed over t"),
    (TANH, r"\nabla_V L = \sum_t (o_t - y_t) * h_t^T", "matrix product"),
    (TANH, r"L = \sum \frac12 \|o_t - y_t\|^2", "summed over t"),
    (CELL, r"\frac{\partial c_{next}}{\partial f} = \mathrm{diag}(c_{prev}) - \mathrm{diag}(g)", ""),
    (GATE, r"c = z * c_{prev} + (1 - z) * \tanh(W_c x)", "step t"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "claim", "word"), STATED)
def test_the_reading_says_by_which_rule(model: str, claim: str, word: str) -> None:
    found = check(claim, model=model)
    assert found.accepted, found.message
    assert any(word in line for line in found.reading) or not word
