import { expect } from "chai";
import {
  BadAnswer,
  BrokenLog,
  HttpRpc,
  Ledger,
  Mirror,
  MirrorError,
  RpcFailed,
  RpcRefused,
  RpcSource,
  SocketHeads,
  WrongChain,
  fingerprint,
  type MirrorOptions,
} from "@ballast/mirror";
import { toEventSelector } from "viem";
import { setTimeout as pause } from "node:timers/promises";
import { FakeNode, type Fault } from "./support/node.js";
import { recorded, type Recording } from "./support/chains.js";

describe("Mirror: nodes that fail", () => {
  let recording: Recording;
  let whole: string;
  let good: FakeNode;
  let bad: FakeNode;
  before(async function () {
    this.timeout(120_000);
    recording = await recorded();
    const ledger = new Ledger(recording.deployment);
    for (const block of recording.blocks) ledger.apply(block);
    whole = fingerprint(ledger);
  });
  beforeEach(async () => {
    good = await new FakeNode(recording.blocks).start();
    bad = await new FakeNode(recording.blocks).start();
  });
  afterEach(async () => {
    await Promise.all([good.stop(), bad.stop()]);
  });

  function mirrorOf(nodes: FakeNode[], options: MirrorOptions = {}): Mirror {
    const urls = nodes.map(({ url }) => url);
    const rpc = new HttpRpc(urls, { timeout: 300, rounds: 2, pause: 5 });
    return new Mirror(new Ledger(recording.deployment), new RpcSource(rpc), { retryPause: 1, ...options });
  }

  async function failure(act: Promise<unknown>): Promise<unknown> {
    return act.then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  function expectWhole({ ledger }: Mirror): void {
    expect(ledger.head?.number).to.equal(recording.blocks.length - 1);
    expect(fingerprint(ledger) === whole, "the same state").to.equal(true);
  }

  const faults: Record<string, Fault> = {
    "an HTTP error": { status: 503 },
    "too many requests": { status: 429, headers: { "retry-after": "0.01" } },
    silence: { silent: true },
    "half an answer": { text: '{"jsonrpc":"2.0","id":1,"resu' },
    "no answer": { text: "" },
    "a page": { text: "<html>welcome</html>" },
    "an error of the node": { error: { code: -32603, message: "internal error" } },
    "a rate limit": { error: { code: -32005, message: "daily request count exceeded, request rate limited" } },
  };
  for (const [name, fault] of Object.entries(faults)) {
    it(`another url answers instead of ${name}`, async function () {
      this.timeout(20_000);
      let calls = 0;
      bad.fault = () => (calls++ % 3 === 1 ? fault : undefined);
      const mirror = mirrorOf([bad, good], { chunk: 150 });
      await mirror.catchUp();
      expectWhole(mirror);
      expect(good.requests.length).to.be.greaterThan(0);
    });

    it(`${name} everywhere is an error`, async () => {
      bad.fault = good.fault = () => fault;
      const error = await failure(mirrorOf([bad, good], { retries: 0 }).catchUp());
      expect(error).to.be.instanceOf(RpcFailed);
      const { retryable, message } = error as RpcFailed;
      expect(retryable).to.equal(true);
      expect(message).to.include(`127.0.0.1:${good.port}`).and.not.include("key-of-somebody");
    });
  }

  it("a node that is not there is passed", async () => {
    const mirror = mirrorOf([bad, good]);
    await bad.stop();
    await mirror.catchUp();
    expectWhole(mirror);
    bad = await new FakeNode(recording.blocks).start();
  });

  it("what is refused is not asked again", async () => {
    good.fault = ({ method }) =>
      method === "eth_blockNumber" ? { error: { code: -32602, message: "invalid params" } } : undefined;
    const error = await failure(mirrorOf([good]).catchUp());
    expect(error).to.be.instanceOf(RpcRefused);
    expect(good.requests.filter((method) => method === "eth_blockNumber").length).to.equal(1);
  });

  for (const message of [
    "query exceeds max block range 40",
    "query returned more than 10000 results",
    "block range is too wide",
  ]) {
    it(`chunks are halved: ${message}`, async () => {
      good.fault = ({ method, params: [filter] }) => {
        if (method !== "eth_getLogs") return undefined;
        const { fromBlock, toBlock } = filter as { fromBlock: string; toBlock: string };
        return Number(toBlock) - Number(fromBlock) >= 40 ? { error: { code: -32005, message } } : undefined;
      };
      const progress: number[] = [];
      const mirror = mirrorOf([good], { onProgress: ({ from, block }) => progress.push(block - from + 1) });
      await mirror.catchUp();
      expectWhole(mirror);
      expect(Math.max(...progress)).to.be.lessThanOrEqual(40);
      expect(progress.reduce((sum, blocks) => sum + blocks, 0)).to.equal(recording.blocks.length);
    });
  }

  it("a head that is a lie is found, and the next node is asked", async () => {
    bad.fault = ({ method }) => (method === "eth_blockNumber" ? { result: "0xfffff" } : undefined);
    const troubles: MirrorError[] = [];
    const mirror = mirrorOf([bad, good], { onTrouble: (error) => troubles.push(error) });
    await mirror.catchUp();
    expectWhole(mirror);
    expect(troubles[0]).to.be.instanceOf(BadAnswer);
    const alone = mirrorOf([bad], { retries: 1 });
    expect(await failure(alone.catchUp())).to.be.instanceOf(BadAnswer);
  });

  it("answers of the wrong form are errors", async () => {
    const nonsense: [string, unknown][] = [
      ["eth_blockNumber", null],
      ["eth_blockNumber", "soon"],
      ["eth_getLogs", null],
      ["eth_getLogs", [{}]],
      ["eth_getBlockByNumber", {}],
      ["eth_getBlockByNumber", null],
    ];
    for (const [wrong, result] of nonsense) {
      good.fault = ({ method }) => (method === wrong ? { result } : undefined);
      const mirror = mirrorOf([good], { retries: 0 });
      expect(await failure(mirror.catchUp()), `${wrong} ${String(result)}`).to.be.instanceOf(BadAnswer);
      expect(mirror.ledger.head).to.equal(undefined);
    }
  });

  it("logs of another fork than the headers are an error", async () => {
    bad.blocks = recording.blocks.map(({ header, logs }) => ({
      header,
      logs: logs.map((log) => ({ ...log, blockHash: `0x${"ab".repeat(32)}` })),
    }));
    const mirror = mirrorOf([bad], { retries: 0 });
    expect(await failure(mirror.catchUp())).to.be.instanceOf(BadAnswer);
  });

  it("another chain is refused", async () => {
    good.fault = ({ method }) => (method === "eth_chainId" ? { result: "0x1" } : undefined);
    expect(await failure(mirrorOf([good]).catchUp())).to.be.instanceOf(WrongChain);
  });

  it("a log that one node leaves out comes from another", async () => {
    const full = recording.blocks.filter(({ logs }) => logs.length > 2);
    for (const [i, { header, logs }] of full.slice(-24).entries()) {
      const hidden = logs[i % logs.length];
      bad.hides = (block, index) => block === header.number && (i % 4 === 0 || index === hidden?.logIndex);
      const mirror = mirrorOf([bad, good]);
      await mirror.catchUp();
      expectWhole(mirror);
    }
  });

  it("a log of cash that all nodes leave out is an error, and the state stays before it", async () => {
    const deposited = toEventSelector("Deposited(uint256,uint16,address,uint256,int256)");
    const isDeposit = ({ topics }: { topics: readonly string[] }) => topics[0] === deposited;
    const block = recording.blocks.filter(({ logs }) => logs.some(isDeposit)).at(-1);
    const hidden = block?.logs.find(isDeposit);
    bad.hides = (number, index) => number === block?.header.number && index === hidden?.logIndex;
    const mirror = mirrorOf([bad]);
    const error = await failure(mirror.catchUp());
    expect(error).to.be.instanceOf(BrokenLog);
    expect((error as BrokenLog).block).to.equal(block?.header.number);
    expect(mirror.ledger.head?.number).to.equal((block?.header.number ?? 0) - 1);
  });

  describe("following", () => {
    /** When the mirror has asked for the head in vain and waits. */
    async function atHead(asked: number): Promise<void> {
      while (!good.requests.slice(asked).includes("eth_blockNumber")) await pause(10);
      await pause(100);
    }

    /** The blocks of the recording but the last few, then one after another whenever the mirror has the one before. */
    async function follow(options: MirrorOptions, next: (count: number) => void): Promise<number[]> {
      const mirror = mirrorOf([good], options);
      const stop = new AbortController();
      good.blocks = recording.blocks.slice(0, -3);
      const after: number[] = [];
      let since = Date.now();
      for await (const change of mirror.follow(stop.signal)) {
        if (change.kind !== "applied" || change.header.number < good.blocks.length - 1) continue;
        after.push(Date.now() - since);
        if (good.blocks.length === recording.blocks.length) {
          stop.abort();
          continue;
        }
        void atHead(good.requests.length).then(() => {
          since = Date.now();
          good.blocks = recording.blocks.slice(0, good.blocks.length + 1);
          next(after.length);
        });
      }
      expectWhole(mirror);
      return after.slice(1);
    }

    it("word of a block over a websocket is followed at once", async () => {
      const heads = new SocketHeads(good.socketUrl);
      const after = await follow({ heads, poll: 5_000 }, () => good.announce());
      expect(after.length).to.equal(3);
      expect(Math.max(...after)).to.be.lessThan(1_000);
    });

    it("a socket that says nothing any more is noticed, and begun again", async () => {
      const heads = new SocketHeads(good.socketUrl);
      await follow({ heads, poll: 200, silence: 100 }, () => undefined);
      expect(good.requests.length).to.be.greaterThan(0);
      expect(good.subscribers.length).to.be.greaterThan(1);
    });

    it("without a socket the head is looked for", async () => {
      const heads = new SocketHeads("ws://127.0.0.1:1", 200);
      const troubles: MirrorError[] = [];
      await follow({ heads, poll: 100, onTrouble: (error) => troubles.push(error) }, () => undefined);
      expect(troubles[0]).to.be.instanceOf(RpcFailed);
    });
  });
});
