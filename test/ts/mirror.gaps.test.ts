import { expect } from "chai";
import { BrokenLog, Decoder, Ledger, abis, fingerprint, type Header, type SourceLog } from "@ballast/mirror";
import { promisesMore } from "../../packages/mirror/src/source.js";
import { recorded, type Recording } from "./support/chains.js";

/** Found neither by what logs add up to nor by the filter of their block, when another one of their kind is in it. */
const SELF_HEALING = ["PriceLatched", "ConditionsChanged"];

interface Found {
  laws: number;
  filter: number;
  /** The state is the same without it. */
  harmless: number;
  neither: number;
}

describe("Mirror: missing logs", () => {
  let recording: Recording;
  before(async function () {
    this.timeout(120_000);
    recording = await recorded();
  });

  function nameOf({ deployment }: Recording, log: SourceLog): string {
    const { clearingHouse, oracle, liquidator } = deployment;
    const emitters = { [clearingHouse]: abis.clearingHouse, [oracle]: abis.oracle, [liquidator]: abis.liquidator };
    const abi = Object.entries(emitters).find(([address]) => address.toLowerCase() === log.address.toLowerCase())?.[1];
    return new Decoder(abi ?? abis.vault, false).decode(log, log.blockNumber)?.name ?? "";
  }

  /** The state after these logs; nothing when they contradict each other. */
  function stateAfter(ledger: Ledger, header: Header, logs: readonly SourceLog[]): string | undefined {
    try {
      ledger.apply({ header, logs });
    } catch (error) {
      if (!(error instanceof BrokenLog)) throw error;
      return undefined;
    }
    const state = fingerprint(ledger);
    ledger.undo();
    return state;
  }

  it("every log that is left out alone is found by what logs add up to or by the filter of its block", function () {
    this.timeout(120_000);
    const ledger = new Ledger(recording.deployment);
    const found = new Map<string, Found>();
    for (const { header, logs } of recording.blocks) {
      const whole = stateAfter(ledger, header, logs);
      for (const log of logs) {
        const name = nameOf(recording, log);
        if (name === "") continue;
        const rest = logs.filter((one) => one !== log);
        const counts = found.get(name) ?? { laws: 0, filter: 0, harmless: 0, neither: 0 };
        const state = stateAfter(ledger, header, rest);
        if (state === undefined) counts.laws++;
        else if (promisesMore(header.bloom, ledger, rest)) counts.filter++;
        else if (state === whole) counts.harmless++;
        else counts.neither++;
        found.set(name, counts);
      }
      ledger.apply({ header, logs });
    }
    const sum = (kind: keyof Found) => [...found.values()].reduce((total, counts) => total + counts[kind], 0);
    const kinds = ["laws", "filter", "harmless", "neither"] as const;
    console.log(`      ${found.size} kinds: ${kinds.map((kind) => `${kind} ${sum(kind)}`).join(", ")}`);
    const missed = [...found].filter(([, { neither }]) => neither > 0).map(([name]) => name);
    expect(SELF_HEALING).to.include.members(missed);
  });
});
