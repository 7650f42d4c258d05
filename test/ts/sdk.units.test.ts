// Units, account ids and names, without a chain.
import {
  ASSET_KINDS,
  ASSET_STATES,
  CAPABILITIES,
  CONDITIONS,
  HOLDS,
  LIMITS,
  LOSERS,
  NotANumber,
  OutOfRange,
  PRICE_STATUSES,
  REASONS,
  ROWS,
  STAGES,
  TooManyDigits,
  VERDICTS,
  abbreviate,
  accountId,
  deficitRow,
  formatAccount,
  formatHealth,
  formatPercent,
  formatUnits,
  isRow,
  nameOf,
  ownerOf,
  parseAccount,
  parsePercent,
  parsePrice,
  parseUnits,
  settlementRow,
  subIdOf,
  toUnitsDown,
  toValue,
} from "@ballast/sdk";
import { expect } from "chai";
import { readFileSync } from "node:fs";

const OWNER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

/** Members of a Solidity enumeration. */
function members(file: string, name: string): string[] {
  const source = readFileSync(`contracts/${file}`, "utf8").replace(/\/\/.*/g, "");
  const body = new RegExp(`enum ${name} \\{([^}]*)\\}`).exec(source)?.[1] ?? "";
  return body
    .split(",")
    .map((member) => member.trim())
    .filter((member) => member !== "");
}

describe("SDK units", () => {
  it("parses and formats numbers without losing a digit", () => {
    const numbers = ["0", "1", "-1", "1000.5", "-0.000001", "340282366920938463463374607431768211455"];
    for (const text of numbers) expect(formatUnits(parseUnits(text, 6), 6)).to.equal(text);
    expect(parseUnits("1,000_000.50", 6)).to.equal(1_000_000_500_000n);
    expect(parseUnits(".5", 1)).to.equal(5n);
    expect(parsePrice("2,000")).to.equal(2_000n * 10n ** 18n);
    expect(parsePercent("0.5 %")).to.equal(5n * 10n ** 15n);
    expect(formatPercent(5n * 10n ** 15n)).to.equal("0.5%");
    expect(abbreviate(-1_239_999n, 2, 6)).to.equal("-1.23");
    expect(formatHealth(2n ** 256n - 1n)).to.equal("-");
    for (const text of ["", "-", "1e18", "0x10", "1.", "NaN"]) expect(() => parseUnits(text, 6)).to.throw(NotANumber);
    expect(() => parseUnits("0.0000001", 6)).to.throw(TooManyDigits, "more than 6 digits");
    expect(toValue(1n, 6)).to.equal(10n ** 12n);
    expect(toUnitsDown(-1n, 6)).to.equal(-1n);
    expect(toUnitsDown(2n * 10n ** 12n - 1n, 6)).to.equal(1n);
  });

  it("takes account ids apart and puts them together", () => {
    for (const subId of [0n, 1n, 2n ** 96n - 1n]) {
      const id = accountId(OWNER, subId);
      expect(ownerOf(id)).to.equal(OWNER);
      expect(subIdOf(id)).to.equal(subId);
      expect(parseAccount(formatAccount(id))).to.equal(id);
      expect(parseAccount(String(id))).to.equal(id);
    }
    expect(() => accountId(OWNER, 2n ** 96n)).to.throw(OutOfRange);
    for (const row of [...Object.values(ROWS), deficitRow(1), settlementRow(4_095)]) {
      expect(isRow(row)).to.equal(true);
      expect(parseAccount(formatAccount(row))).to.equal(row);
    }
    expect(formatAccount(deficitRow(7))).to.equal("deficit/7");
  });

  it("names what the contracts count", () => {
    const pairs: [readonly string[], string, string][] = [
      [ASSET_KINDS, "core/Ledger.sol", "AssetKind"],
      [ASSET_STATES, "core/Ledger.sol", "AssetState"],
      [LOSERS, "core/Ledger.sol", "Loser"],
      [PRICE_STATUSES, "types/Price.sol", "PriceStatus"],
      [CAPABILITIES, "types/Capability.sol", "Capability"],
      [CONDITIONS, "interfaces/IExchange.sol", "Condition"],
      [STAGES, "interfaces/ILiquidator.sol", "Stage"],
      [REASONS, "interfaces/ILiquidator.sol", "Reason"],
      [HOLDS, "core/Lens.sol", "Hold"],
      [VERDICTS, "core/Lens.sol", "Verdict"],
      [LIMITS, "core/Lens.sol", "Limit"],
    ];
    for (const [names, file, name] of pairs) expect(names, name).to.deep.equal(members(file, name));
    expect(nameOf(STAGES, 9)).to.equal("#9");
  });
});
