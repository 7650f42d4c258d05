import { BallastError } from "@ballast/sdk";

/** The file that says who should hold authority is missing or wrong. */
export class AuthorityInvalid extends BallastError {
  override readonly name = "AuthorityInvalid";
  override readonly retryable = false;
  override readonly args: { file: string; fault: string };

  constructor(file: string, fault: string) {
    super(`who should hold authority, ${file}: ${fault}`);
    this.args = { file, fault };
  }
}

/** Somebody can do what he should not, or cannot do what he should. */
export class AuthorityDiffers extends BallastError {
  override readonly name = "AuthorityDiffers";
  override readonly retryable = false;
  override readonly args: { faults: readonly string[] };

  constructor(faults: readonly string[]) {
    super(`authority is not where it should be:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
    this.args = { faults };
  }
}

/** No contract of the deployment has such a function that authority may call. */
export class CallUnknown extends BallastError {
  override readonly name = "CallUnknown";
  override readonly retryable = false;
  override readonly args: { call: string; known: readonly string[] };

  constructor(call: string, known: readonly string[]) {
    super(`there is nothing called ${call}; there are ${known.join(", ")}`);
    this.args = { call, known };
  }
}

/** An argument of a call cannot be what its type asks for. */
export class ArgumentInvalid extends BallastError {
  override readonly name = "ArgumentInvalid";
  override readonly retryable = false;
  override readonly args: { argument: string; type: string; value: string };

  constructor(argument: string, type: string, value: string) {
    super(`${argument} is of type ${type}, which ${value} is not`);
    this.args = { argument, type, value };
  }
}

/** The account that should propose a call has no role for it. */
export class NotAuthorized extends BallastError {
  override readonly name = "NotAuthorized";
  override readonly retryable = false;
  override readonly args: { account: string; call: string };

  constructor(account: string, call: string) {
    super(`${account} may not call ${call}, neither at once nor later`);
    this.args = { account, call };
  }
}
