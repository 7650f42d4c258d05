import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  LeaseLost,
  NonceConflict,
  openStore,
  SchemaTooNew,
  StoreFailed,
  type Attempt,
  type Intent,
  type Lease,
  type Opening,
  type Outcome,
  type Store,
} from "@ballast/keeper";
import { expect } from "chai";
import { DatabaseSync } from "node:sqlite";
import { keccak256, toHex, type Hex } from "viem";
import { Postgres, unavailable } from "./support/postgres.js";
import { rejection } from "./support/rejection.js";

const WALLET = "31337:0x00000000000000000000000000000000000000aa";
const LONG = 60_000;
const SHORT = 60;

const later = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));
const hashOf = (text: string): Hex => keccak256(toHex(text));

function intentOf(key: string, changes: Partial<Intent> = {}): Intent {
  return {
    ...{ key, strategy: "liquidate", to: "0x00000000000000000000000000000000000000bb", data: "0x1234" },
    ...{
      gas: 1_000_000n,
      accounts: [17n, 2n ** 200n],
      profit: -5n,
      urgency: 2.5,
      block: 100n,
      deadline: 1_700_000_000n,
    },
    ...changes,
  };
}

function attemptOf(nonce: number, serial = 0, changes: Partial<Attempt> = {}): Attempt {
  const hash = hashOf(`${nonce}/${serial}`);
  const terms = {
    maxFee: 10n ** 20n,
    tip: 1n,
    gas: 1_000_000n,
    raw: "0x02ff" as Hex,
    block: 100,
    at: 1_700_000_000_000,
  };
  return { hash, nonce, serial, purpose: "deed", ...terms, ...changes };
}

const includedIn = (hash: Hex, block: number): Outcome => ({
  ...{ kind: "included", hash, block: BigInt(block), gasUsed: 21_000n, reverted: false },
});

/** The same demands on either database. `open` gives another connection to the same one. */
function demands(fresh: () => Promise<() => Promise<Store>>): void {
  let open: () => Promise<Store>;
  let store: Store;
  let lease: Lease;
  const opened: Store[] = [];

  const held = async (owner: string, ttl = LONG): Promise<Lease> => {
    const found = await store.claim(WALLET, owner, ttl);
    if (found === undefined) throw new TypeError("held by another");
    return found;
  };

  beforeEach(async () => {
    const connect = await fresh();
    open = async () => {
      const one = await connect();
      opened.push(one);
      return one;
    };
    store = await open();
    lease = await held("first");
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((one) => one.close()));
  });

  describe("leases", () => {
    it("one holds it, keeps it with the same token, and gives it back", async () => {
      const other = await open();
      expect(await other.claim(WALLET, "second", LONG)).to.equal(undefined);
      expect(await store.claim(WALLET, "first", LONG)).to.deep.equal(lease);
      expect(await other.holder(WALLET)).to.equal("first");
      await store.release(WALLET, "second");
      expect(await other.claim(WALLET, "second", LONG)).to.equal(undefined);
      await store.release(WALLET, "first");
      expect(await other.holder(WALLET)).to.equal(undefined);
      expect(await other.claim(WALLET, "second", LONG)).to.deep.equal({ key: WALLET, owner: "second", token: 2 });
    });

    it("an owner that comes back late writes nothing, even when nobody took it meanwhile", async () => {
      await store.release(WALLET, "first");
      const late = await held("first", SHORT);
      await later(2 * SHORT);
      await rejection(store.begin(late, [{ id: "a", intent: intentOf("a"), attempt: attemptOf(0) }]), LeaseLost);
      expect((await held("first")).token).to.equal(late.token + 1);
      await rejection(store.begin(late, [{ id: "a", intent: intentOf("a"), attempt: attemptOf(0) }]), LeaseLost);
      expect(await store.journal(WALLET)).to.deep.equal({ next: undefined, slots: [] });
    });

    it("of many that want it at once one gets it", async () => {
      const others = await Promise.all([open(), open(), open()]);
      const claims = others.flatMap((one, i) => [0, 1, 2].map((j) => one.claim("key", `${i}.${j}`, LONG)));
      expect((await Promise.all(claims)).filter((one) => one !== undefined)).to.have.length(1);
    });
  });

  describe("the journal", () => {
    it("gives back every field of what was begun", async () => {
      const intent = intentOf("liquidate:17", { value: 3n, asset: 4n, gasUsed: 9n });
      expect(await store.begin(lease, [{ id: "a", intent, attempt: attemptOf(7) }])).to.deep.equal({ kind: "begun" });
      const slot = { nonce: 7, state: "open", intent: { id: "a", intent }, attempts: [attemptOf(7)] };
      expect(await (await open()).journal(WALLET)).to.deep.equal({ next: 8, slots: [slot] });
      expect(await store.intent("a")).to.deep.equal({ id: "a", intent });
    });

    it("nonces follow one another", async () => {
      await store.begin(lease, [{ id: "a", intent: intentOf("a"), attempt: attemptOf(7) }]);
      for (const nonce of [7, 9]) {
        await rejection(
          store.begin(lease, [{ id: "b", intent: intentOf("b"), attempt: attemptOf(nonce, 1) }]),
          NonceConflict,
        );
      }
      expect(await store.intent("b")).to.equal(undefined);
      await store.advance(lease, 20);
      await store.advance(lease, 10);
      expect((await store.journal(WALLET)).next).to.equal(20);
    });

    it("a key is alive once, over all wallets", async () => {
      const other = await open();
      const another = await other.claim("31337:0xcc", "second", LONG);
      if (another === undefined) throw new TypeError("held by another");
      const [a, b] = await Promise.all([
        store.begin(lease, [{ id: "a", intent: intentOf("same"), attempt: attemptOf(1) }]),
        other.begin(another, [{ id: "b", intent: intentOf("same"), attempt: attemptOf(1, 1) }]),
      ]);
      const taken = [a, b].flatMap((one) => (one.kind === "taken" ? [...one.by.values()] : []));
      expect(taken).to.deep.equal([a.kind === "taken" ? "second" : "first"]);
    });

    it("a key that was done after the plan is taken, and free for a later plan", async () => {
      await store.begin(lease, [{ id: "a", intent: intentOf("same"), attempt: attemptOf(1) }]);
      const { hash } = attemptOf(1);
      await store.settle(lease, 1, { hash, block: 105, blockHash: hashOf("105") }, includedIn(hash, 105));
      const begin = (block: bigint) =>
        store.begin(lease, [{ id: "b", intent: intentOf("same", { block }), attempt: attemptOf(2) }]);
      expect(await begin(105n)).to.deep.equal({ kind: "taken", by: new Map([["same", "first"]]) });
      expect((await store.journal(WALLET)).next).to.equal(2);
      expect(await begin(106n)).to.deep.equal({ kind: "begun" });
    });

    it("many at once, all or none", async () => {
      const many = (keys: readonly string[], nonce: number, block = 100n): Opening[] =>
        keys.map((key, i) => ({
          id: key,
          intent: intentOf(key, { block, accounts: [BigInt(i), BigInt(i), 99n] }),
          attempt: attemptOf(nonce + i),
        }));
      const openings = many(["c", "a", "b"], 5);
      expect(await store.begin(lease, openings)).to.deep.equal({ kind: "begun" });
      const { next, slots } = await store.journal(WALLET);
      expect([next, slots.map(({ nonce, intent, attempts }) => [nonce, intent?.id, attempts])]).to.deep.equal([
        8,
        openings.map(({ id, attempt }) => [attempt.nonce, id, [attempt]]),
      ]);
      const { hash } = attemptOf(6);
      await store.settle(lease, 6, { hash, block: 105, blockHash: hashOf("105") }, includedIn(hash, 105));
      const again = many(["d", "c", "a"], 8).map((one) => ({ ...one, id: `again ${one.id}` }));
      const by = new Map([...["a", "c"].map((key) => [key, "first"] as const)]);
      expect(await store.begin(lease, again)).to.deep.equal({ kind: "taken", by });
      await rejection(store.begin(lease, [...many(["d"], 8), ...many(["e"], 10)]), NonceConflict);
      expect(await store.journal(WALLET)).to.deep.include({ next: 8 });
      expect(await store.history(99n, 9)).to.have.length(3);
      expect(await store.begin(lease, many(["d"], 8))).to.deep.equal({ kind: "begun" });
    });

    it("two that want the same keys in another order never wait for one another", async () => {
      const other = await open();
      const another = await other.claim("31337:0xcc", "second", LONG);
      if (another === undefined) throw new TypeError("held by another");
      const keys = Array.from({ length: 40 }, (_, i) => `key ${i}`);
      const openings = (names: readonly string[], of: string, serial: number): Opening[] =>
        names.map((key, i) => ({ id: `${of} ${key}`, intent: intentOf(key), attempt: attemptOf(i, serial) }));
      const begun = await Promise.all([
        store.begin(lease, openings(keys, "first", 0)),
        other.begin(another, openings(keys.toReversed(), "second", 1)),
      ]);
      expect(begun.map(({ kind }) => kind).sort()).to.deep.equal(["begun", "taken"]);
      const [taken] = begun.flatMap((one) => (one.kind === "taken" ? one.by.size : []));
      expect(taken).to.equal(keys.length);
    });

    it("attempts of a nonce stay in their order, with what a cancel would mean", async () => {
      await store.begin(lease, [{ id: "a", intent: intentOf("a"), attempt: attemptOf(1) }]);
      const cancel = attemptOf(1, 1, { purpose: "cancel", verdict: { kind: "expired" } });
      await store.attempt(lease, cancel);
      await store.attempt(lease, attemptOf(5, 0, { purpose: "fill" }));
      const { slots } = await store.journal(WALLET);
      expect(slots.map(({ nonce, attempts }) => [nonce, attempts.map(({ purpose }) => purpose)])).to.deep.equal([
        [1, ["deed", "cancel"]],
        [5, ["fill"]],
      ]);
      expect(slots[0]?.attempts[1]).to.deep.equal(cancel);
    });

    it("included, gone with its block, included again, final", async () => {
      await store.begin(lease, [{ id: "a", intent: intentOf("a"), attempt: attemptOf(1) }]);
      const { hash } = attemptOf(1);
      const inclusion = { hash, block: 105, blockHash: hashOf("105") };
      await store.settle(lease, 1, inclusion, includedIn(hash, 105));
      const [included] = (await store.journal(WALLET)).slots;
      expect(included).to.deep.include({ state: "included", inclusion });
      expect(included?.intent?.outcome).to.deep.equal(includedIn(hash, 105));
      await store.reopen(lease, 1);
      const [reopened] = (await store.journal(WALLET)).slots;
      expect(reopened).to.deep.include({ state: "open", intent: { id: "a", intent: intentOf("a") } });
      expect(reopened).not.to.have.property("inclusion");
      await store.settle(lease, 1, { ...inclusion, block: 106 }, includedIn(hash, 106));
      await store.finalize(lease, 105);
      expect((await store.journal(WALLET)).slots).to.have.length(1);
      await store.finalize(lease, 106);
      expect((await store.journal(WALLET)).slots).to.deep.equal([]);
      expect((await store.journal(WALLET, 1)).slots[0]?.state).to.equal("final");
    });

    it("what is reopened leaves its key to who has it since", async () => {
      await store.begin(lease, [{ id: "a", intent: intentOf("same"), attempt: attemptOf(1) }]);
      const { hash } = attemptOf(1);
      await store.settle(lease, 1, { hash, block: 105, blockHash: hash }, includedIn(hash, 105));
      await store.begin(lease, [{ id: "b", intent: intentOf("same", { block: 110n }), attempt: attemptOf(2) }]);
      await store.reopen(lease, 1);
      const { slots } = await store.journal(WALLET);
      expect(slots.map(({ state, intent }) => [state, intent?.outcome?.kind])).to.deep.equal([
        ["open", "included"],
        ["open", undefined],
      ]);
    });

    it("a nonce that a stranger used", async () => {
      await store.begin(lease, [{ id: "a", intent: intentOf("a"), attempt: attemptOf(1) }]);
      await store.settle(lease, 1, undefined, { kind: "cancelled", by: "a stranger" });
      expect((await store.journal(WALLET)).slots).to.deep.equal([]);
      expect((await store.intent("a"))?.outcome).to.deep.equal({ kind: "cancelled", by: "a stranger" });
    });

    it("what is lost is known to every instance, as planned and then as it was", async () => {
      const other = await open();
      const opening = (id: string, nonce: number, loss: bigint, at = 50): Opening => ({
        ...{ id, intent: intentOf(id, { loss }), attempt: attemptOf(nonce, 0, { at }) },
      });
      await store.begin(lease, [
        opening("a", 1, 30n),
        opening("b", 2, 0n),
        opening("c", 3, 7n),
        opening("d", 4, 9n, 49),
      ]);
      const lost = { strategy: "liquidate", at: 50 };
      const amounts = async (): Promise<bigint[]> => (await other.losses(50, "second")).map(({ amount }) => amount);
      expect(await other.losses(50, "second")).to.have.deep.members([
        { ...lost, amount: 30n },
        { ...lost, amount: 7n },
      ]);
      expect(await other.losses(50, "first")).to.deep.equal([]);
      await store.settle(lease, 3, undefined, { kind: "cancelled" });
      await store.lose("a", 12n);
      await store.lose("b", 2n ** 100n);
      expect((await amounts()).toSorted((a, b) => Number(a - b))).to.deep.equal([12n, 2n ** 100n]);
      await store.lose("a", 0n);
      expect(await amounts()).to.deep.equal([2n ** 100n]);
    });

    it("orphans are concluded by anybody, but only while nobody holds their wallet", async () => {
      await store.begin(lease, [{ id: "a", intent: intentOf("a"), attempt: attemptOf(1) }]);
      expect(await store.orphans()).to.deep.equal([]);
      expect(await store.conclude(WALLET, "a", { kind: "expired" })).to.equal(false);
      await store.release(WALLET, "first");
      const [orphan] = await store.orphans();
      expect(orphan).to.deep.include({ wallet: WALLET });
      expect(orphan?.slot.intent.id).to.equal("a");
      expect(await store.conclude(WALLET, "a", { kind: "expired" })).to.equal(true);
      expect(await store.conclude(WALLET, "a", { kind: "taken" })).to.equal(false);
      expect(await store.orphans()).to.deep.equal([]);
      expect((await store.intent("a"))?.outcome).to.deep.equal({ kind: "expired" });
    });

    it("tells of an account what was done with it", async () => {
      await store.begin(lease, [
        { id: "a", intent: intentOf("a", { accounts: [1n, 2n] }), attempt: attemptOf(1, 0, { at: 10 }) },
      ]);
      await store.begin(lease, [
        { id: "b", intent: intentOf("b", { accounts: [2n] }), attempt: attemptOf(2, 0, { at: 20 }) },
      ]);
      await store.settle(lease, 1, undefined, { kind: "taken" });
      const entry = { strategy: "liquidate", wallet: WALLET, owner: "first" };
      expect(await store.history(2n, 5)).to.deep.equal([
        { ...entry, id: "b", key: "b", nonce: 2, opened: 20 },
        { ...entry, id: "a", key: "a", nonce: 1, opened: 10, outcome: { kind: "taken" } },
      ]);
      expect((await store.history(2n, 1)).map(({ id }) => id)).to.deep.equal(["b"]);
      expect(await store.history(3n, 5)).to.deep.equal([]);
    });
  });

  describe("notes", () => {
    const decision = (reason: string, detail = "") => ({ account: 17n, strategy: "liquidate", reason, detail });

    it("the same reason on successive blocks is one entry", async () => {
      await store.decide("first", 100, [decision("backoff", "until 102")]);
      await store.decide("first", 101, [decision("backoff", "until 102")]);
      await store.decide("first", 102, [decision("gas", "cost 5")]);
      await store.decide("first", 103, []);
      await store.decide("first", 104, [decision("gas", "cost 6")]);
      const runs = await (await open()).decisions(17n, 10);
      expect(runs.map(({ reason, detail, first, last }) => [reason, detail, first, last])).to.deep.equal([
        ["gas", "cost 6", 104, 104],
        ["gas", "cost 5", 102, 102],
        ["backoff", "until 102", 100, 101],
      ]);
      expect(await store.decisions(18n, 10)).to.deep.equal([]);
    });

    it("a thousand accounts in one block", async () => {
      const many = Array.from({ length: 1_000 }, (_, i) => ({ ...decision("gas"), account: BigInt(i) }));
      await store.decide("first", 1, many);
      await store.decide("first", 2, many);
      expect((await store.decisions(999n, 10)).map(({ first, last }) => [first, last])).to.deep.equal([[1, 2]]);
    });

    it("pauses last, and end with a success", async () => {
      const pause = { account: 2n ** 100n, strategy: "liquidate", failures: 1, until: 105 };
      await store.backOff(pause);
      await store.backOff({ ...pause, failures: 2, until: 109 });
      expect(await (await open()).backoffs()).to.deep.equal([{ ...pause, failures: 2, until: 109 }]);
      await store.backOff({ ...pause, failures: 0 });
      expect(await store.backoffs()).to.deep.equal([]);
    });

    it("blocks, both sides of a fork", async () => {
      const block = (number: number, hash: string) => ({ number, hash, parentHash: "0x", timestamp: 5, content: hash });
      for (const [number, hash] of [
        [1, "a"],
        [2, "b"],
        [2, "c"],
        [3, "d"],
      ] as const)
        await store.see(block(number, hash));
      expect(await store.seen(2, 3)).to.deep.equal([block(2, "b"), block(2, "c"), block(3, "d")]);
    });

    it("forgets what is old and settled, and never a nonce", async () => {
      await store.begin(lease, [{ id: "a", intent: intentOf("a"), attempt: attemptOf(1) }]);
      await store.begin(lease, [{ id: "b", intent: intentOf("b"), attempt: attemptOf(2) }]);
      const { hash } = attemptOf(1);
      await store.settle(lease, 1, { hash, block: 101, blockHash: hash }, includedIn(hash, 101));
      await store.finalize(lease, 101);
      await store.decide("first", 100, [decision("gas")]);
      await store.see({ number: 100, hash: "0x", parentHash: "0x", timestamp: 5, content: "" });
      await store.prune(101);
      expect(await store.intent("a")).to.equal(undefined);
      expect(await store.history(17n, 5)).to.have.length(1);
      expect((await store.journal(WALLET, 0)).slots.map(({ nonce }) => nonce)).to.deep.equal([2]);
      expect((await store.journal(WALLET)).next).to.equal(3);
      expect([await store.decisions(17n, 5), await store.seen(0, 200)]).to.deep.equal([[], []]);
    });
  });
}

describe("Keeper: what it writes down", () => {
  describe("SQLite", () => {
    let directory: string;
    let files = 0;

    before(async () => void (directory = await mkdtemp(join(tmpdir(), "ballast-keeper-"))));
    after(() => rm(directory, { recursive: true, force: true }));

    demands(() => {
      const path = join(directory, `${++files}.sqlite`);
      return Promise.resolve(() => openStore(path));
    });

    it("a file that is none is told", async () => {
      await rejection(openStore(join(directory, "missing", "x.sqlite")), StoreFailed);
    });

    it("a later schema is refused, an own one opened again", async () => {
      const path = join(directory, "later.sqlite");
      await (await openStore(path)).close();
      await (await openStore(`sqlite:${path}`)).close();
      const database = new DatabaseSync(path);
      database.exec("UPDATE schema_version SET version = 99");
      database.close();
      await rejection(openStore(path), SchemaTooNew);
    });
  });

  const reason = unavailable();
  (reason === undefined ? describe : describe.skip)(`Postgres${reason === undefined ? "" : `: ${reason}`}`, () => {
    let server: Postgres;

    before(async () => void (server = await Postgres.start()));
    after(() => server.stop());

    demands(async () => {
      const url = await server.database();
      return () => openStore(url);
    });

    it("several that make the tables at once", async () => {
      const url = await server.database();
      const stores = await Promise.all([1, 2, 3, 4].map(() => openStore(url)));
      await Promise.all(stores.map((one) => one.close()));
    });

    it("a server that is not there is an error without the password", async () => {
      const { message } = await rejection(openStore("postgres://keeper:secret@127.0.0.1:1/x"), StoreFailed);
      expect(message).to.match(/^postgres:\/\/127\.0\.0\.1:1\/x: /);
    });
  });
});
