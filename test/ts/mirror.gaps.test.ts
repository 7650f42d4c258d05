import { expect } from "chai";
import { toEventSelector } from "viem";
import {
  BadAnswer,
  BrokenLog,
  Decoder,
  Ledger,
  NotNextBlock,
  UnknownEvent,
  abis,
  fingerprint,
  type Header,
  type SourceLog,
} from "@ballast/mirror";
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

  it("a ledger that is told to go on says what does not add up", () => {
    const heard: string[] = [];
    const ledger = new Ledger(recording.deployment, { onBroken: ({ law }) => heard.push(law) });
    const deposit = toEventSelector("Deposited(uint256,uint16,address,uint256,int256)");
    const gap = recording.blocks.findIndex(({ logs }) => logs.some(({ topics }) => topics[0] === deposit));
    for (const [i, { header, logs }] of recording.blocks.slice(0, gap + 1).entries())
      ledger.apply({ header, logs: i === gap ? logs.filter(({ topics }) => topics[0] !== deposit) : logs });
    expect(heard).to.deep.equal(["CASH-1"]);
    expect(ledger.head?.number).to.equal(gap);
  });

  it("a block out of its order and an event that nobody knows are errors", () => {
    const { blocks, deployment } = recording;
    const ledger = new Ledger(deployment);
    for (const block of blocks.slice(0, 9)) ledger.apply(block);
    const [before, next, header] = [blocks[8], blocks[9], blocks[9]?.header];
    if (before === undefined || next === undefined || header === undefined) throw new RangeError("too short");
    expect(() => ledger.apply(before)).to.throw(NotNextBlock);
    const stranger = { header: { ...header, parentHash: header.hash }, logs: next.logs };
    expect(() => ledger.apply(stranger)).to.throw(NotNextBlock);
    const unknown = { address: deployment.clearingHouse, topics: [`0x${"12".repeat(32)}`], data: "0x", logIndex: 0 };
    expect(() => ledger.apply({ header, logs: [unknown] })).to.throw(UnknownEvent);
    const short = { ...unknown, topics: [toEventSelector("CashChanged(uint256,int256)"), `0x${"0".repeat(64)}`] };
    expect(() => ledger.apply({ header, logs: [short] })).to.throw(BadAnswer);
    ledger.apply(next);
  });
});
