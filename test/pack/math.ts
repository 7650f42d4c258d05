import { strict as assert } from "node:assert";
import { FixedPoint, Margin, WAD } from "@ballast/math";

const required: bigint = Margin.required(2_000n * WAD, WAD / 20n, 50_000_000n * WAD);
assert.equal(required, 100_040_000_000_000_000_000n);
// @ts-expect-error quantities are bigint
assert.throws(() => FixedPoint.mulDown(1, 2), TypeError);
