import { strict as assert } from "node:assert";
import { WAD } from "@ballast/math";
import { Moves, Tails } from "@ballast/risk";

const mark: bigint = Moves.markAfter(2_000n * WAD, -WAD / 10n);
assert.equal(mark, 1_800n * WAD);
const half: number = Tails.normal(0);
assert.equal(half, 0.5);
// @ts-expect-error prices are bigint
assert.throws(() => Moves.markAfter(2_000, -1), TypeError);
