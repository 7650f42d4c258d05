import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  openStore,
  SenderStopped,
  StoreFailed,
  WalletSender,
  type FeePolicy,
  type Intent,
  type Outcome,
  type SendEvent,
  type SenderOptions,
  type Store,
  type Ticket,
} from "@ballast/keeper";
import { HttpRpc } from "@ballast/mirror";
import { expect } from "chai";
import { concat, keccak256, numberToHex, type Hex } from "viem";
import { Anvil } from "../../scripts/anvil.js";
import { CHAIN, deedOf, DEEDS, GWEI, headOf, install, isDone, QUOTE, sentBy, walletOf } from "./support/deeds.js";
import { Proxy } from "./support/proxy.js";
import { rejection } from "./support/rejection.js";

const POLICY: FeePolicy = {
  maxFee: 500n * GWEI,
  tip: GWEI,
  maxCost: 1_000n * QUOTE,
  nativePrice: () => 2_000n * QUOTE,
};
const QUICK = { timeout: 250, rounds: 1 };
const WALLET = walletOf(0);
const RICH = numberToHex(10n ** 22n);

describe("Keeper: how it sends", () => {
  let anvil: Anvil;
  let proxy: Proxy;
  let directory: string;
  let store: Store;
  let sender: WalletSender;
  let events: SendEvent[];
  let pristine: unknown;
  let files = 0;
  const senders: WalletSender[] = [];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "ballast-sender-"));
    anvil = await Anvil.start("--no-mining");
    proxy = await Proxy.before(anvil.url);
    await install(anvil);
    await anvil.ask("evm_mine");
  });

  after(async () => {
    proxy.close();
    await anvil.stop();
    await rm(directory, { recursive: true, force: true });
  });

  beforeEach(async () => {
    pristine = await anvil.ask("evm_snapshot");
    await baseFee(GWEI);
    events = [];
    proxy.fault = () => undefined;
    store = await openStore(join(directory, `${++files}.sqlite`));
    sender = await started("first");
  });

  afterEach(async () => {
    proxy.fault = () => undefined;
    await Promise.all(senders.splice(0).map((one) => one.stop()));
    await store.close();
    await anvil.ask("anvil_dropAllTransactions");
    await anvil.ask("evm_revert", pristine);
  });

  async function started(
    owner: string,
    { options = {}, policy = {}, wallet = 0, journal = store, relay, urls = [proxy.url] }: Setting = {},
  ): Promise<WalletSender> {
    const one = new WalletSender({
      store: journal,
      rpc: new HttpRpc(urls, QUICK),
      ...(relay !== undefined && { relay: new HttpRpc([relay.url], QUICK) }),
      ...{ account: walletOf(wallet), chainId: CHAIN, owner, policy: { ...POLICY, ...policy } },
      // Blocks come as fast as answers here: only where it is asked for does one offer more.
      options: { bumpBlocks: 50, ...options },
      observe: (event) => events.push(event),
    });
    senders.push(one);
    await one.start();
    await one.onBlock(await headOf(anvil));
    return one;
  }

  interface Setting {
    readonly options?: Partial<SenderOptions>;
    readonly policy?: Partial<FeePolicy>;
    readonly wallet?: number;
    readonly journal?: Store;
    readonly relay?: Proxy;
    readonly urls?: readonly string[];
  }

  /** Mines and tells the senders. */
  async function step(blocks = 1): Promise<void> {
    for (let i = 0; i < blocks; i++) {
      await anvil.ask("evm_mine");
      await tell();
    }
  }

  async function tell(): Promise<void> {
    const head = await headOf(anvil);
    for (const one of senders) await one.onBlock(head);
  }

  async function sent(ticket: Ticket): Promise<Hex> {
    const first = await ticket.sent;
    if (!("hash" in first) || "kind" in first) throw new TypeError(`not sent: ${JSON.stringify(first)}`);
    return first.hash;
  }

  /** Blocks until it ends. */
  async function outcome(ticket: Ticket, limit = 20): Promise<Outcome> {
    let found: Outcome | undefined;
    void ticket.outcome.then((one) => (found = one));
    for (let i = 0; i < limit && found === undefined; i++) {
      await until(() => found !== undefined || pendingSettled(), 300).catch(() => undefined);
      await step();
      await new Promise((next) => setImmediate(next));
    }
    if (found === undefined) throw new TypeError(`no outcome after ${limit} blocks`);
    return found;
  }

  /** Whether the pool has all that the sender has under way. */
  function pendingSettled(): boolean {
    return sender.pending === kinds("sent").length;
  }

  const kinds = (kind: SendEvent["kind"]): SendEvent[] => events.filter((event) => event.kind === kind);

  async function until(condition: () => boolean, patience = 5_000): Promise<void> {
    for (const end = Date.now() + patience; !condition(); await new Promise((next) => setTimeout(next, 5))) {
      if (Date.now() > end) throw new TypeError("waited in vain");
    }
  }

  const baseFee = (fee: bigint): Promise<unknown> => anvil.ask("anvil_setNextBlockBaseFeePerGas", numberToHex(fee));
  const attempts = async () =>
    (await store.journal(`${CHAIN}:${WALLET.address.toLowerCase()}`, 0)).slots.map((slot) => slot.attempts);

  describe("one deed", () => {
    it("is in the journal, on the wire, included", async () => {
      const journalled: number[] = [];
      proxy.fault = ({ method }) => {
        if (method === "eth_sendRawTransaction") void attempts().then((slots) => journalled.push(slots.length));
        return undefined;
      };
      const ticket = await sender.submit(deedOf(1n));
      const hash = await sent(ticket);
      expect(sender.pending).to.equal(1);
      const end = await outcome(ticket);
      expect(end).to.deep.include({ kind: "included", hash, reverted: false });
      expect(journalled).to.deep.equal([1]);
      expect(await isDone(anvil, 1n)).to.equal(true);
      expect(sender.pending).to.equal(0);
      expect((await store.history(1n, 5))[0]?.outcome).to.deep.equal(end);
    });

    it("asks for no nonce and no gas on its way", async () => {
      const before = proxy.calls.length;
      await sent(await sender.submit(deedOf(1n)));
      expect(proxy.calls.slice(before).map(({ method }) => method)).to.deep.equal([
        "eth_call",
        "eth_sendRawTransaction",
      ]);
    });

    it("many at once have successive nonces", async () => {
      const tickets = await Promise.all([1n, 2n, 3n, 4n, 5n].map((deed) => sender.submit(deedOf(deed))));
      await Promise.all(tickets.map(sent));
      await step();
      for (const ticket of tickets) expect((await ticket.outcome).kind).to.equal("included");
      expect((await sentBy(anvil, WALLET.address)).map(({ nonce }) => nonce)).to.deep.equal([0, 1, 2, 3, 4]);
    });

    it("many at once, of which some would revert, leave no nonce unused", async () => {
      const one = numberToHex(1n, { size: 32 });
      for (const done of [1n, 3n]) await anvil.ask("anvil_setStorageAt", DEEDS, numberToHex(done, { size: 32 }), one);
      const tickets = await Promise.all([1n, 2n, 3n, 4n, 5n].map((deed) => sender.submit(deedOf(deed))));
      await Promise.all(tickets.map(({ sent }) => sent));
      await step();
      const kinds = await Promise.all(tickets.map(async ({ outcome }) => (await outcome).kind));
      expect(kinds).to.deep.equal(["refused", "included", "refused", "included", "included"]);
      expect((await sentBy(anvil, WALLET.address)).map(({ nonce }) => nonce)).to.deep.equal([0, 1, 2]);
    });

    it("twice is taken", async () => {
      const [first, second] = await Promise.all([sender.submit(deedOf(1n)), sender.submit(deedOf(1n))]);
      expect(await second.outcome).to.deep.equal({ kind: "taken", by: "first" });
      expect((await outcome(first)).kind).to.equal("included");
    });
  });

  describe("what is not sent", () => {
    async function refusal(intent: Intent, one = sender): Promise<Outcome> {
      const before = proxy.count("eth_sendRawTransaction");
      const ticket = await one.submit(intent);
      const end = await ticket.outcome;
      expect(await ticket.sent).to.equal(end);
      expect(proxy.count("eth_sendRawTransaction")).to.equal(before);
      expect(await attempts()).to.deep.equal([]);
      return end;
    }

    it("what would revert", async () => {
      await anvil.ask("anvil_setStorageAt", DEEDS, numberToHex(1n, { size: 32 }), numberToHex(1n, { size: 32 }));
      expect(await refusal(deedOf(1n))).to.deep.include({ kind: "refused", retryable: false, simulated: true });
    });

    it("what a contract of the protocol refuses, in its own words", async () => {
      // Reverts with what it is called with.
      await anvil.ask("anvil_setCode", DEEDS, "0x366000600037366000fd");
      const values = [17n, 5n, 4n].map((value) => numberToHex(value, { size: 32 }));
      const end = await refusal(deedOf(1n, { data: concat(["0xaa45e7ad", ...values]) }));
      expect(end).to.deep.include({ kind: "refused", retryable: true, simulated: true });
      expect(end).to.have.property("error").that.contains("nothing to liquidate");
    });

    it("what would do nothing", async () => {
      const objection = (returned: Hex) => (BigInt(returned) === 1n ? "every entry is skipped" : undefined);
      const end = await refusal(deedOf(1n, { objection }));
      expect(end).to.deep.equal({
        kind: "refused",
        reason: "SimulationFailed",
        error: "deed:1 would fail: every entry is skipped",
        retryable: true,
        simulated: true,
      });
    });

    it("what gas makes a loss, and a duty above its budget", async () => {
      const loss = await refusal(deedOf(1n, { profit: 10n ** 14n }));
      expect(loss).to.deep.include({ kind: "refused", retryable: true });
      const mean = await started("second", { wallet: 1, policy: { maxCost: 10n ** 14n } });
      expect(await refusal(deedOf(1n, { profit: -1n }), mean)).to.deep.include({ kind: "refused", retryable: true });
    });

    it("what costs more than its budget, whatever it earns; not what may lose so much", async () => {
      const earning = deedOf(1n, { profit: 10n * QUOTE, budget: 10n ** 14n });
      expect(await refusal(earning)).to.deep.include({ kind: "refused", retryable: true });
      const ticket = await sender.submit(deedOf(1n, { profit: 10n ** 14n, budget: 10n * QUOTE }));
      expect(await ticket.sent).to.have.property("hash");
    });

    it("what is late", async () => {
      expect(await refusal(deedOf(1n, { deadline: 1n }))).to.deep.equal({ kind: "expired" });
    });

    it("what the node could not simulate", async () => {
      proxy.fault = ({ method }) => (method === "eth_call" ? "hang" : undefined);
      expect(await refusal(deedOf(1n))).to.deep.include({ kind: "refused", retryable: true });
    });

    it("what an empty wallet cannot pay, until it can", async () => {
      await anvil.ask("anvil_setBalance", WALLET.address, numberToHex(GWEI));
      await step();
      const empty = await started("second", {
        wallet: 0,
        journal: await openStore(join(directory, `${++files}.sqlite`)),
      });
      expect(await refusal(deedOf(1n), empty)).to.deep.include({ kind: "refused", retryable: true });
      await anvil.ask("anvil_setBalance", WALLET.address, RICH);
      await step();
      expect((await outcome(await empty.submit(deedOf(1n)))).kind).to.equal("included");
    });

    it("what the node says that the wallet cannot pay: no word about the deed", async () => {
      const error = { code: -32003, message: "Insufficient funds for gas * price + value" };
      proxy.fault = ({ method }) => (method === "eth_call" ? { error } : undefined);
      const end = await refusal(deedOf(1n));
      expect(end).to.deep.include({ kind: "refused", retryable: true });
      expect(end).not.to.have.property("simulated");
    });

    it("more than may be under way", async () => {
      await sender.stop();
      const narrow = await started("second", { options: { pendingLimit: 1 } });
      await sent(await narrow.submit(deedOf(1n)));
      const ticket = await narrow.submit(deedOf(2n));
      expect(await ticket.outcome).to.deep.include({ kind: "refused", retryable: true });
    });
  });

  describe("what is stuck", () => {
    /** Nobody can afford the blocks that come. */
    async function stuck(...intents: Intent[]): Promise<Ticket[]> {
      const tickets = await Promise.all(intents.map((intent) => sender.submit(intent)));
      await Promise.all(tickets.map(sent));
      await baseFee(50n * GWEI);
      return tickets;
    }

    async function only(intent: Intent): Promise<Ticket> {
      const [ticket] = await stuck(intent);
      if (ticket === undefined) throw new TypeError("no ticket");
      return ticket;
    }

    async function impatient(): Promise<void> {
      await sender.stop();
      sender = await started("second", { options: { bumpBlocks: 3 } });
    }

    it("offers an eighth more until it is included, within what it is worth", async () => {
      await impatient();
      const ticket = await only(deedOf(1n));
      for (let i = 0; i < 6; i++) {
        await baseFee(50n * GWEI);
        await step();
      }
      const end = await outcome(ticket);
      expect(end.kind).to.equal("included");
      const [made = []] = await attempts();
      expect(made.length).to.be.greaterThan(1);
      for (const [i, { maxFee, tip }] of made.entries()) {
        const before = made[i - 1];
        if (before === undefined) continue;
        expect(maxFee * 8n >= before.maxFee * 9n && tip * 8n >= before.tip * 9n).to.equal(true);
      }
      expect(end).to.have.property("hash", made.at(-1)?.hash);
    });

    it("is cancelled when its time is up, and the next one is sent", async () => {
      await sender.stop();
      sender = await started("second", { options: { lifetime: 2 } });
      const ticket = await only(deedOf(1n));
      for (let i = 0; i < 4; i++) {
        await baseFee(50n * GWEI);
        await step();
      }
      expect(await outcome(ticket)).to.deep.equal({ kind: "expired" });
      const [transfer] = await sentBy(anvil, WALLET.address);
      expect(transfer).to.deep.include({ nonce: 0, to: WALLET.address.toLowerCase() });
      expect((await outcome(await sender.submit(deedOf(1n, { block: 50n })))).kind).to.equal("included");
    });

    it("is cancelled when another keeper did it, or when it is withdrawn", async () => {
      const [first, second] = (await stuck(deedOf(1n), deedOf(2n))) as [Ticket, Ticket];
      await anvil.ask("anvil_setStorageAt", DEEDS, numberToHex(1n, { size: 32 }), numberToHex(1n, { size: 32 }));
      expect(sender.withdraw("deed:2", "the price is back")).to.equal(true);
      expect(sender.withdraw("deed:3", "")).to.equal(false);
      for (let i = 0; i < 3; i++) {
        await baseFee(50n * GWEI);
        await step();
      }
      expect(await outcome(first)).to.deep.equal({ kind: "taken" });
      expect(await outcome(second)).to.deep.equal({ kind: "cancelled", by: "the price is back" });
      expect(await isDone(anvil, 2n)).to.equal(false);
    });

    it("is never bumped beyond its worth", async () => {
      await impatient();
      const worth = 60_000n * 2_000n * 3n * GWEI;
      const ticket = await only(deedOf(1n, { profit: worth }));
      for (let i = 0; i < 10; i++) {
        await baseFee(50n * GWEI);
        await step();
      }
      const [made = []] = await attempts();
      for (const { maxFee } of made) expect(maxFee <= 3n * GWEI).to.equal(true);
      await baseFee(GWEI);
      expect((await outcome(ticket)).kind).to.equal("included");
    });
  });

  describe("nonces", () => {
    it("a transaction that the pool forgot is sent again, the same bytes", async () => {
      const tickets = [await sender.submit(deedOf(1n)), await sender.submit(deedOf(2n))] as const;
      const [first] = await Promise.all(tickets.map(sent));
      await anvil.ask("anvil_dropTransaction", first);
      await step(2);
      expect(await outcome(tickets[0])).to.deep.include({ kind: "included", hash: first });
      expect((await outcome(tickets[1])).kind).to.equal("included");
    });

    it("a nonce that nobody used is filled", async () => {
      const lease = await store.claim(`${CHAIN}:${WALLET.address.toLowerCase()}`, "first", 10_000);
      if (lease === undefined) throw new TypeError("not held");
      await sender.stop();
      await store.advance((await store.claim(lease.key, "between", 10_000)) ?? lease, 2);
      await store.release(lease.key, "between");
      sender = await started("second");
      const ticket = await sender.submit(deedOf(1n));
      await sent(ticket);
      expect((await outcome(ticket)).kind).to.equal("included");
      expect((await sentBy(anvil, WALLET.address)).map(({ nonce, to }) => [nonce, to])).to.deep.equal([
        [0, WALLET.address.toLowerCase()],
        [1, WALLET.address.toLowerCase()],
        [2, DEEDS],
      ]);
    });

    async function strange(nonce: number): Promise<void> {
      const raw = await WALLET.signTransaction({
        ...{ type: "eip1559", chainId: CHAIN, nonce, to: WALLET.address, gas: 21_000n },
        ...{ maxFeePerGas: 100n * GWEI, maxPriorityFeePerGas: 50n * GWEI },
      });
      await anvil.ask("eth_sendRawTransaction", raw);
    }

    it("one that a stranger used ends the deed, and the next one goes on behind it", async () => {
      await strange(0);
      await anvil.ask("evm_mine");
      const ticket = await sender.submit(deedOf(1n));
      expect((await outcome(ticket)).kind).to.equal("cancelled");
      expect((await outcome(await sender.submit(deedOf(1n)))).kind).to.equal("included");
    });

    it("at start it goes on behind what others sent", async () => {
      await sender.stop();
      await strange(0);
      sender = await started("second");
      expect((await outcome(await sender.submit(deedOf(1n)))).kind).to.equal("included");
      expect((await sentBy(anvil, WALLET.address)).map(({ nonce }) => nonce)).to.deep.equal([0, 1]);
    });

    it("a reorg after a restart: the same transaction, not a cancel", async () => {
      const ticket = await sender.submit(deedOf(1n));
      const end = await outcome(ticket);
      await sender.stop();
      sender = await started("second");
      await step(2);
      await anvil.ask("anvil_reorg", 3, []);
      await anvil.ask("anvil_dropAllTransactions");
      await step(4);
      expect((await store.history(1n, 1))[0]?.outcome).to.deep.include({ kind: "included" });
      expect((await sentBy(anvil, WALLET.address)).map(({ hash }) => hash)).to.deep.equal(
        end.kind === "included" ? [end.hash] : [],
      );
    });

    it("a reorg of five blocks: the same transaction is included again", async () => {
      const ticket = await sender.submit(deedOf(1n));
      const end = await outcome(ticket);
      await step(4);
      await anvil.ask("anvil_reorg", 5, []);
      await anvil.ask("anvil_dropAllTransactions");
      await step();
      expect(await isDone(anvil, 1n)).to.equal(false);
      await until(() => kinds("reopened").length === 1);
      expect((await store.history(1n, 1))[0]).not.to.have.property("outcome");
      await until(() => sender.pending === 1);
      await step(3);
      expect(await isDone(anvil, 1n)).to.equal(true);
      const made = await sentBy(anvil, WALLET.address);
      expect(made.map(({ hash }) => hash)).to.deep.equal(end.kind === "included" ? [end.hash] : []);
      expect((await store.history(1n, 1))[0]?.outcome).to.deep.include({ kind: "included" });
    });
  });

  describe("deeper than what was thought final", () => {
    it("a reorg is repaired with the same transactions", async () => {
      await sender.stop();
      sender = await started("second", { options: { depth: 1 } });
      const tickets = [await sender.submit(deedOf(1n)), await sender.submit(deedOf(2n))] as const;
      const hashes = await Promise.all(tickets.map(sent));
      await step(4);
      expect((await attempts()).length).to.equal(2);
      await anvil.ask("anvil_reorg", 4, []);
      await anvil.ask("anvil_dropAllTransactions");
      const third = await sender.submit(deedOf(3n));
      await sent(third);
      expect((await outcome(third)).kind).to.equal("included");
      const again = (await sentBy(anvil, WALLET.address)).map(({ hash }) => hash);
      expect(again.slice(0, 2)).to.have.members(hashes);
    });
  });

  describe("a bad node", () => {
    const onSending = (fault: ReturnType<Proxy["fault"]>, times: number): void => {
      let left = times;
      proxy.fault = ({ method }) => (method === "eth_sendRawTransaction" && left-- > 0 ? fault : undefined);
    };

    for (const fault of ["limit", "hang", "drop", "mute"] as const) {
      it(`that ${fault}s: the same bytes until it answers`, async () => {
        onSending(fault, 2);
        const before = proxy.calls.length;
        const ticket = await sender.submit(deedOf(1n));
        await sent(ticket);
        const raws = proxy.calls.slice(before).filter(({ method }) => method === "eth_sendRawTransaction");
        expect(raws).to.have.length(3);
        expect(new Set(raws.map(({ params }) => params?.[0])).size).to.equal(1);
        expect((await outcome(ticket)).kind).to.equal("included");
        expect(await sentBy(anvil, WALLET.address)).to.have.length(1);
      });
    }

    it("that says that the wallet is empty: the same bytes on the next block", async () => {
      onSending({ error: { code: -32000, message: "insufficient funds for gas * price + value" } }, 1);
      const ticket = await sender.submit(deedOf(1n));
      await until(() => kinds("trouble").length === 1);
      await step();
      expect((await outcome(ticket)).kind).to.equal("included");
      expect((await attempts()).map((made) => made.length)).to.deep.equal([1]);
    });

    it("that keeps a transaction to itself: the others get it too", async () => {
      await sender.stop();
      proxy.fault = ({ method, params }) =>
        method === "eth_sendRawTransaction" ? { result: keccak256(params?.[0] as Hex) } : undefined;
      sender = await started("second", { urls: [proxy.url, anvil.url] });
      expect((await outcome(await sender.submit(deedOf(1n)))).kind).to.equal("included");
    });

    it("that lies about a hash is not believed", async () => {
      onSending({ result: numberToHex(7n, { size: 32 }) }, 1);
      const ticket = await sender.submit(deedOf(1n));
      await sent(ticket);
      expect((await attempts()).map((made) => made.length)).to.deep.equal([1]);
      expect(kinds("trouble")).to.have.length(1);
      expect((await outcome(ticket)).kind).to.equal("included");
    });

    it("that has receipts of blocks that are not there is not believed", async () => {
      const ticket = await sender.submit(deedOf(1n));
      const hash = await sent(ticket);
      const lie = { transactionHash: hash, blockNumber: "0xffff", blockHash: hash, gasUsed: "0x1", status: "0x1" };
      proxy.fault = ({ method }) => (method === "eth_getTransactionReceipt" ? { result: lie } : undefined);
      await tell();
      await tell();
      expect(sender.pending).to.equal(1);
      proxy.fault = () => undefined;
      expect((await outcome(ticket)).kind).to.equal("included");
    });

    it("that lags, or counts too many or too few, ends nothing", async () => {
      const ticket = await sender.submit(deedOf(1n));
      await sent(ticket);
      for (const count of ["0x5", "0x5", "0x0", "0x0"]) {
        proxy.fault = ({ method }) => {
          if (method === "eth_getTransactionCount") return { result: count };
          return method === "eth_getTransactionReceipt" ? { result: null } : undefined;
        };
        await step();
      }
      proxy.fault = () => undefined;
      const end = await outcome(ticket);
      expect(end.kind).to.equal("included");
      expect(await sentBy(anvil, WALLET.address)).to.have.length(1);
    });

    it("that fails on a block is asked on the next one", async () => {
      const ticket = await sender.submit(deedOf(1n));
      await sent(ticket);
      proxy.fault = () => "limit";
      await step();
      expect(kinds("trouble").length).to.be.greaterThan(0);
      proxy.fault = () => undefined;
      expect((await outcome(ticket)).kind).to.equal("included");
    });
  });

  describe("a private relay", () => {
    let relay: Proxy;

    beforeEach(async () => {
      await sender.stop();
      relay = await Proxy.before(anvil.url);
    });
    afterEach(() => relay.close());

    it("gets it alone", async () => {
      sender = await started("second", { relay });
      const before = proxy.count("eth_sendRawTransaction");
      expect((await outcome(await sender.submit(deedOf(1n)))).kind).to.equal("included");
      expect(proxy.count("eth_sendRawTransaction")).to.equal(before);
      expect(relay.count("eth_sendRawTransaction")).to.be.greaterThan(0);
    });

    it("that does not take it is passed, unless nobody else may see it", async () => {
      relay.fault = () => "limit";
      sender = await started("second", { relay });
      await sent(await sender.submit(deedOf(1n)));
      await sender.stop();
      const before = proxy.count("eth_sendRawTransaction");
      const secret = await started("third", { relay, wallet: 1, options: { relayFallback: false } });
      await secret.submit(deedOf(2n));
      await until(() => relay.count("eth_sendRawTransaction") >= 3);
      expect(proxy.count("eth_sendRawTransaction")).to.equal(before);
    });

    it("that keeps it too long is passed", async () => {
      relay.fault = ({ params }) => ({ result: keccak256(params?.[0] as Hex) });
      sender = await started("second", { relay, options: { relayBlocks: 2 } });
      const ticket = await sender.submit(deedOf(1n));
      await sent(ticket);
      const before = proxy.count("eth_sendRawTransaction");
      await step();
      expect(proxy.count("eth_sendRawTransaction")).to.equal(before);
      expect((await outcome(ticket)).kind).to.equal("included");
    });
  });

  describe("several of them", () => {
    it("one wallet has one sender; the other takes over when it stops, with what is open", async () => {
      const second = await started("second");
      expect([sender.active, second.active]).to.deep.equal([true, false]);
      const refused = await second.submit(deedOf(1n));
      expect(await refused.outcome).to.deep.equal({ kind: "taken", by: "first" });
      const ticket = await sender.submit(deedOf(1n));
      const hash = await sent(ticket);
      const ended = rejection(ticket.outcome, SenderStopped);
      await sender.stop();
      await ended;
      await step();
      expect(second.active).to.equal(true);
      await step();
      const end = events.find((event) => event.kind === "outcome");
      expect(end?.outcome).to.deep.include({ kind: "included", hash });
    });

    it("two wallets do a deed once", async () => {
      const second = await started("second", { wallet: 1 });
      const deeds = Array.from({ length: 8 }, (_, i) => BigInt(i + 1));
      const tickets = await Promise.all(
        deeds.flatMap((deed) => [sender.submit(deedOf(deed)), second.submit(deedOf(deed))]),
      );
      await Promise.all(tickets.map(({ sent }) => sent));
      await step();
      const ends = await Promise.all(tickets.map(({ outcome }) => outcome));
      const counts = (kind: Outcome["kind"]) => ends.filter((end) => end.kind === kind).length;
      expect([counts("included"), counts("taken")]).to.deep.equal([8, 8]);
      expect(await sentBy(anvil, WALLET.address, walletOf(1).address)).to.have.length(8);
    });

    it("what an instance left that is gone is ended by another, and its key is free", async () => {
      await sender.stop();
      const gone = await started("gone", { options: { leaseMs: 100 } });
      proxy.fault = ({ method }) => (method === "eth_sendRawTransaction" ? "hang" : undefined);
      void gone.submit(deedOf(1n));
      await until(() => gone.pending === 1);
      await gone.stop();
      proxy.fault = () => undefined;
      const second = await started("second", { wallet: 1 });
      expect(await (await second.submit(deedOf(1n))).outcome).to.deep.equal({ kind: "taken", by: "gone" });
      await step(2);
      const end = events.find((event) => event.kind === "outcome");
      expect(end?.outcome.kind).to.equal("included");
      expect(await sentBy(anvil, WALLET.address)).to.have.length(1);
    });
  });

  describe("a bad database", () => {
    /** The store, failing where it is told to. */
    const failing = (name: "begin" | "settle", fails: () => "before" | "after" | undefined): Store =>
      new globalThis.Proxy(store, {
        get(target, property, receiver) {
          const value: unknown = Reflect.get(target, property, receiver);
          if (typeof value !== "function") return value;
          return async (...values: unknown[]): Promise<unknown> => {
            const when = property === name ? fails() : undefined;
            if (when === "before") throw new StoreFailed("test", "connection lost");
            const result: unknown = await Reflect.apply(value, target, values);
            if (when === "after") throw new StoreFailed("test", "connection lost");
            return result;
          };
        },
      });

    it("that did not write it down: nothing is sent, and the next one has its nonce", async () => {
      await sender.stop();
      let left = 1;
      sender = await started("second", { journal: failing("begin", () => (left-- > 0 ? "before" : undefined)) });
      const ticket = await sender.submit(deedOf(1n));
      expect(await ticket.outcome).to.deep.include({ kind: "refused", retryable: true });
      expect((await outcome(await sender.submit(deedOf(2n)))).kind).to.equal("included");
      expect((await sentBy(anvil, WALLET.address)).map(({ nonce }) => nonce)).to.deep.equal([0]);
    });

    it("that wrote it down without saying so: it is sent, once", async () => {
      await sender.stop();
      let left = 1;
      sender = await started("second", { journal: failing("begin", () => (left-- > 0 ? "after" : undefined)) });
      const ticket = await sender.submit(deedOf(1n));
      expect((await outcome(ticket)).kind).to.equal("included");
      expect(await sentBy(anvil, WALLET.address)).to.have.length(1);
    });

    it("that loses an outcome is told it again", async () => {
      await sender.stop();
      let left = 1;
      sender = await started("second", { journal: failing("settle", () => (left-- > 0 ? "before" : undefined)) });
      const ticket = await sender.submit(deedOf(1n));
      expect((await outcome(ticket)).kind).to.equal("included");
      expect((await store.history(1n, 1))[0]?.outcome?.kind).to.equal("included");
    });
  });
});
