import { expect } from "chai";

/** For numbers: the matchers of the network make `closeTo` one of whole numbers. */
export function expectNear(actual: number, expected: number, tolerance: number): void {
  const near = Math.abs(actual - expected) <= tolerance;
  expect(near, `${actual} is not within ${tolerance} of ${expected}`).to.equal(true);
}
