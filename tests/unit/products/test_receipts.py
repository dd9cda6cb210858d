from workers.plan import ShardReceipt
from workers.products import keys, receipts


def test_receipts_come_back_in_the_order_of_shards(store, spec):
    made = {
        shard: ShardReceipt(
            shard=shard,
            objects={f"depth/c/0/{shard}/0": (12, "ab" * 32)},
            pixels={"requested": 1600, "solved": 1500, "no_data": 100, "failed": 0},
            blocks={"total": 4, "empty": 1, "failed": 0},
            problems=("Chunk 1.2 cannot be decoded.",),
            cpu_seconds=1.25,
            quality={"vvc": (0.9312,)},
        )
        for shard in (11, 2, 0)
    }
    for receipt in made.values():
        receipts.save(store, spec.id, receipt)
    loaded = receipts.load_all(store, spec.id)
    assert list(loaded) == [0, 2, 11]
    assert loaded == made


def test_no_receipts_of_a_job_that_has_not_begun(store, spec):
    assert receipts.load_all(store, spec.id) == {}


def test_receipts_are_gone_after_the_job_and_the_product_is_not(store, spec, written):
    receipts.delete_all(store, spec.id)
    receipts.delete_all(store, spec.id)
    assert receipts.load_all(store, spec.id) == {}
    assert store.exists(keys.manifest(spec.id))
