// What can go wrong before or while a market is played: a sentence, and a way out.

export const Exit = { ok: 0, broken: 1, badInput: 2, failed: 3, interrupted: 130 } as const;

export class MarketError extends Error {
  override name = "MarketError";

  constructor(
    said: string,
    readonly wayOut: string,
    readonly code: number = Exit.failed,
  ) {
    super(said);
  }
}

export class OptionInvalid extends MarketError {
  override name = "OptionInvalid";

  constructor(option: string, given: string, bound: string) {
    super(`--${option} ${given}: it is not ${bound}`, "npm start -- --help tells every option", Exit.badInput);
  }
}

export class FileInvalid extends MarketError {
  override name = "FileInvalid";

  constructor(file: string, fault: string) {
    const form = "the first line is time,BTC,ETH,SOL; every other one has seconds and three prices, times grow";
    super(`${file}: ${fault}`, form, Exit.badInput);
  }
}

export class PortBusy extends MarketError {
  override name = "PortBusy";

  constructor(readonly port: number) {
    super(`port ${port} is in use`, "leave --port out and any free port is taken, or give another one", Exit.badInput);
  }
}

export class NodeMissing extends MarketError {
  override name = "NodeMissing";

  constructor(tried: readonly string[]) {
    super(`no local chain could be started: ${tried.join("; ")}`, "run `npm ci` again; it brings anvil and Hardhat");
  }
}

export class ProcessEnded extends MarketError {
  override name = "ProcessEnded";

  constructor(name: string, exitCode: number | null, log: string, last: string) {
    super(`the process ${name} ended with ${exitCode ?? "a signal"}: ${last}`, `${log} has all that it said`);
  }
}

export class Interrupted extends MarketError {
  override name = "Interrupted";

  constructor() {
    super("stopped before the end", "nothing is left running", Exit.interrupted);
  }
}
