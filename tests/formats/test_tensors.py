from __future__ import annotations

from anymatix_fetcher.formats.tensors import DtypeTotal, Tensor, totals_by_dtype


def test_a_scalar_has_one_element_and_an_empty_tensor_none() -> None:
    assert Tensor("a", "F32", (), 0, 4).elements == 1
    assert Tensor("a", "F32", (3, 0), 0, 0).elements == 0
    assert Tensor("a", "F16", (3, 5), 10, 40).size == 30


def test_totals_are_summed_by_type_the_heaviest_first() -> None:
    tensors = [Tensor("a", "F32", (2,), 0, 8), Tensor("b", "F16", (9,), 8, 26), Tensor("c", "F32", (), 26, 30)]
    assert totals_by_dtype(tensors) == (DtypeTotal("F16", 1, 9, 18), DtypeTotal("F32", 2, 3, 12))
    assert totals_by_dtype([]) == ()
