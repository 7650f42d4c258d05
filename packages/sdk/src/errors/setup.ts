// What is missing before anything can be asked or sent.
import { BallastError } from "./base.js";

/** Nothing is known about the protocol on this chain. */
export class UnknownChain extends BallastError {
  override readonly name = "UnknownChain";
  override readonly retryable = false;
  override readonly args: { chainId: number; known: readonly number[] };

  constructor(chainId: number, known: readonly number[]) {
    super(`chain ${chainId} has no known deployment; known are ${known.length === 0 ? "none" : known.join(", ")}`);
    this.args = { chainId, known };
  }
}

/** A description of a deployment lacks a field or has a wrong one. */
export class DeploymentInvalid extends BallastError {
  override readonly name = "DeploymentInvalid";
  override readonly retryable = false;
  override readonly args: { field: string; fault: string };

  constructor(field: string, fault: string) {
    super(`the deployment's ${field} ${fault}`);
    this.args = { field, fault };
  }
}

/** An optional contract that an action needs is not among the addresses. */
export class AddressMissing extends BallastError {
  override readonly name = "AddressMissing";
  override readonly retryable = false;
  override readonly args: { contract: string };

  constructor(contract: string) {
    super(`the client has no address of ${contract}`);
    this.args = { contract };
  }
}

/** The client was made to read, and is asked to write. */
export class WalletMissing extends BallastError {
  override readonly name = "WalletMissing";
  override readonly retryable = false;
  override readonly args = {};

  constructor() {
    super("the client has no wallet: give one to createClient");
  }
}

/** No market of the deployment has this name. */
export class UnknownMarket extends BallastError {
  override readonly name = "UnknownMarket";
  override readonly retryable = false;
  override readonly args: { market: string; known: readonly string[] };

  constructor(market: string, known: readonly string[]) {
    super(`there is no market ${market}; there are ${known.length === 0 ? "none" : known.join(", ")}`);
    this.args = { market, known };
  }
}

/** There is no contract at an address where one should be. */
export class NotDeployed extends BallastError {
  override readonly name = "NotDeployed";
  override readonly retryable = false;
  override readonly args: { address: string };

  constructor(address: string) {
    super(`there is no contract at ${address} on this chain`);
    this.args = { address };
  }
}
