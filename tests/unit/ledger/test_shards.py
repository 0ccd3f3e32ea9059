"""Where a job lives."""

from collections import Counter

from captionfleet_ledger.shards import by_shard, prefix_of, shard_of


def test_the_shard_of_an_id_never_changes() -> None:
    """These numbers are written into every ledger that exists."""
    assert [shard_of(job_id, 16) for job_id in ("a", "job-1", "0190b2c4-77aa-7c11-8c5e-1f9d5e0c2b7a")] == [3, 15, 12]


def test_a_prefix_carries_a_hash_tag() -> None:
    """What stands in braces decides the slot of a Redis Cluster."""
    assert [prefix_of(0), prefix_of(7), prefix_of(99)] == ["cf:{00}:", "cf:{07}:", "cf:{99}:"]


def test_jobs_spread_over_all_shards() -> None:
    """No shard gets twice its part of many."""
    counts = Counter(shard_of(f"job-{n}", 16) for n in range(16_000))

    assert set(counts) == set(range(16))
    assert max(counts.values()) < 2000


def test_grouping_keeps_the_order() -> None:
    """Each item stands in the group of its own shard, in the order given."""
    names = [f"job-{n}" for n in range(100)]

    groups = by_shard(names, str, 4)

    assert sorted(name for group in groups.values() for name in group) == sorted(names)
    assert all(shard_of(name, 4) == shard for shard, group in groups.items() for name in group)
    assert all(group == [name for name in names if name in group] for group in groups.values())
