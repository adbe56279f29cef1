"""Powers of matrices and of entries, binomials, the spectral radius, normal matrices."""

from __future__ import annotations

from symbptt.core.norms import Norm
from symbptt.core.powers import Binomial, EntrywisePower, Radius
from symbptt.core.terms import Const, Diag, Entry, Identity, Inverse, Map, Ones, Power, Scale

from .meta import A2, A, S2, S, c, c2, i, j, k, m, n, u, v
from .rule import Rule

_HJ = "Horn & Johnson, Matrix Analysis (2013), §1.2-1.3, §2.5 and §5.6"
_CM = "Graham, Knuth & Patashnik, Concrete Mathematics (1994), §5.1"
_HLP = "Hardy, Littlewood & Pólya, Inequalities (1952), §2.1"
_ONE = Const(1)
_NORMAL = ((S.T @ S, S @ S.T),)
_ORTHOGONAL = ((S.T @ S, Identity(n)),)
_TURN = S - S.T
_CAYLEY = ((S, (Identity(n) - _TURN) @ Inverse(Identity(n) + _TURN)),)  # an orthogonal example

SIMILAR = (
    Rule("power-diagonal", Power(Diag(u), k), Diag(EntrywisePower(u, k)), (k,), _HJ),
    Rule("power-identity", Power(Identity(n), k), Identity(n), (k,), _HJ),
    Rule("power-scaled", Power(Scale(c, S), k), Scale(Power(c, k), Power(S, k)), (k,), _HJ),
    Rule(
        "power-similar", Power(S @ S2 @ Inverse(S), k), S @ Power(S2, k) @ Inverse(S), (k,), _HJ
    ),
    Rule(
        "power-orthogonal", Power(S @ S2 @ S.T, k), S @ Power(S2, k) @ S.T, (k,), _HJ,
        _CAYLEY, premises=_ORTHOGONAL,
    ),
)  # fmt: skip
ENTRYWISE = (
    Rule("entrywise-zero", EntrywisePower(A, 0), Ones(m, n), (), _HJ),
    Rule("entrywise-one", EntrywisePower(A, 1), A, (), _HJ),
    Rule("entrywise-next", EntrywisePower(A, k + 1), EntrywisePower(A, k) * A, (k,), _HJ),
    Rule(
        "entrywise-product", EntrywisePower(A * A2, k),
        EntrywisePower(A, k) * EntrywisePower(A2, k), (k,), _HJ,
    ),
)  # fmt: skip
ENTRIES = (
    Rule(
        "entry-power", Entry(EntrywisePower(A, k), i, j), Power(Entry(A, i, j), k),
        (k, i - 1, m - i, j - 1, n - j), _HJ,
    ),
)  # fmt: skip
BINOMIALS = (
    Rule("pascal", Binomial(k, j), Binomial(k - 1, j) + Binomial(k - 1, j - 1), (), _CM),
    Rule("binomial-none", Binomial(k, 0), _ONE, (), _CM),
    Rule("binomial-all", Binomial(k, k), _ONE, (k,), _CM),
    Rule("binomial-below", Binomial(k, j), Const(0), (-j - 1,), _CM),
    Rule("binomial-above", Binomial(k, j), Const(0), (k, j - k - 1), _CM),
)
FACTORS = (
    Rule(
        "factor-at-most-one", Scale(c2, c), c, (), _HLP, ((c2, Map("sigmoid", 0, c2)),), "<=",
        (c, _ONE - c2),
    ),
)  # fmt: skip
RADII = (
    Rule("radius-power", Power(Radius(S), k), Radius(Power(S, k)), (k,), _HJ),
    Rule("radius-transpose", Radius(S.T), Radius(S), (), _HJ),
    Rule("radius-similar", Radius(S @ S2 @ Inverse(S)), Radius(S2), (), _HJ),
    Rule(
        "radius-orthogonal", Radius(S @ S2 @ S.T), Radius(S2), (), _HJ, _CAYLEY,
        premises=_ORTHOGONAL,
    ),
    Rule("radius-diagonal", Radius(Diag(v)), Norm(v, "inf"), (), _HJ),
    Rule("largest-power", Norm(EntrywisePower(v, k), "inf"), Power(Norm(v, "inf"), k), (k,), _HJ),
    Rule("orthogonal-norm", Norm(S), _ONE, (), _HJ, _CAYLEY, premises=_ORTHOGONAL),
    Rule("normal-norm", Norm(S), Radius(S), (), _HJ, ((S, S + S.T),), premises=_NORMAL),
    Rule("radius-norm", Radius(S), Norm(S), (), _HJ, relation="<="),
)  # fmt: skip
