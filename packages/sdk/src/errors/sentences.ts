// What each contract error means, in a sentence with its numbers, and whether the same call can succeed later. The build
// fails when an error of the contracts has no entry here, or an entry no error.
//
// {name:format} inserts an argument; the formats are in format.ts.

/** Whether time, or a fresh quote or price, can help; else the caller has to change something. */
export interface Sentence {
  readonly retryable: boolean;
  readonly text: string;
}

const retryable = (text: string): Sentence => ({ retryable: true, text });
const final = (text: string): Sentence => ({ retryable: false, text });

const authority = {
  AccessManagedInvalidAuthority: final("{authority} is no access manager"),
  AccessManagedRequiredDelay: final("{caller} has to schedule this call {delay:seconds} ahead"),
  AccessManagedUnauthorized: final("{caller} has no role for this call"),
  AccessManagerAlreadyScheduled: final("operation {operationId} is scheduled already"),
  AccessManagerBadConfirmation: final("the role to renounce is not the caller's"),
  AccessManagerExpired: final("operation {operationId} was not executed in time: schedule it again"),
  AccessManagerInvalidInitialAdmin: final("{initialAdmin} cannot be the first administrator"),
  AccessManagerLockedFunction: final("function {selector} cannot be moved to a role"),
  AccessManagerLockedRole: final("role {roleId} cannot be changed"),
  AccessManagerNotReady: retryable("operation {operationId} waits for its delay"),
  AccessManagerNotScheduled: final("operation {operationId} is not scheduled"),
  AccessManagerUnauthorizedAccount: final("{msgsender} does not have role {roleId}"),
  AccessManagerUnauthorizedCall: final("{caller} may not call {selector} of {target}"),
  AccessManagerUnauthorizedCancel: final("{msgsender} may not cancel {selector} of {target} by {caller}"),
  AccessManagerUnauthorizedConsume: final("{target} does not consume a scheduled operation"),
  AlreadyBound: final("bound to clearing house {clearingHouse} already"),
  CapabilityMissing: final("{caller} lacks the capability {capability:capability}"),
  NotBound: final("no clearing house is bound yet"),
  NotClearingHouse: final("{caller} is not the clearing house"),
  NotConfigurator: final("{caller} is not the configurator"),
  NotControllerOrOperator: final("{caller} is neither the controller {controller} nor his operator"),
  NotLiquidator: final("{caller} is not the liquidator"),
  NotOwnerOrOperator: final("{caller} is neither owner nor operator of account {account:account}"),
  NotTighter: final("asset {asset}: {state:state} is not tighter than {before:state}"),
  OtherConfigurator: final("clearing house {clearingHouse} has another configurator, {configurator}"),
  OtherOracle: final("clearing house {clearingHouse} has another oracle, {oracle}"),
  RecipientNotOwner: final("{to} does not own account {account:account}, and an operator can only pay the owner"),
  SettlingIsFinal: final("asset {asset} is settling, which nothing ends"),
};

const accounts = {
  CashOutOfBounds: final("account {account:account} cannot hold {cash:value} of cash"),
  InsufficientCash: final("account {account:account} has {cash:value} of cash, {needed:value} are needed"),
  InsufficientMargin: final(
    "account {account:account} would have equity {equity:value} at the worse of mark and slow, and needs initial margin {initialMargin:value}",
  ),
  InsufficientQuote: final(
    "account {account:account} would owe {quoteEquity:value} of quote against spot: quote cannot leave against spot",
  ),
  InsufficientSize: final("account {account:account} has {size:value} of asset {asset}, {needed:value} are needed"),
  NegativeEquity: retryable("the row of the vault is worth {equity:value}: nobody enters until it is settled"),
  NewLegNeedsOwner: final("only its owner or an operator can bring asset {asset} into account {account:account}"),
  NotBankrupt: final("account {account:account} still has equity {equity:value}"),
  ReservedRow: final("{account:account} is a row of the house that nobody can use"),
  SelfExchange: final("account {account:account} is on both sides"),
  SizeAboveLimit: final(
    "account {account:account} would hold {size:value} of asset {asset}, and at most {bound:value} fit",
  ),
  SizeTooLarge: final("size {size:value} is above {bound:value}"),
  TermPriceOutOfBounds: retryable("source {source}: price {price} is outside {least} to {most}"),
  TooManyLegs: final("{legs} legs are more than the {bound} an account can hold"),
};

const assets = {
  AssetAlreadyListed: final("asset {asset} is listed already"),
  AssetNotTradable: retryable("asset {asset} is not traded now: its price is stale or its market halted or settling"),
  AssetOutOfBounds: final("asset {asset} is above {bound}"),
  BudgetSpent: retryable("asset {asset} only reduces until {until:time}: its insurance budget is spent"),
  DeficitStands: retryable("asset {asset} only reduces while a deficit stands: its row is at {cash:value}"),
  DustRowUnderfunded: final("the dust row holds {cash:value}, and needs {needed:value} to list a market"),
  OnlyReductions: final(
    "account {account:account} may only reduce asset {asset} now, and would go from {before:value} to {afterwards:value}",
  ),
  OpenInterestAboveLimit: retryable(
    "open interest of asset {asset} would be {openInterest:value}, above {bound:value}",
  ),
  OutOfBounds: final("{parameter:text} {value} is outside {lower} to {upper}"),
  PriceDiverged: retryable(
    "sources of an asset in account {account:account} disagree: nothing leaves until they agree",
  ),
  PriceIsFixed: final("the price of asset {asset} is fixed"),
  PriceNotFixed: final("the price of asset {asset} is not fixed"),
  QuoteOffPeg: retryable("quote is at {price:value}, further than {bound:bp} from one: every market only reduces"),
  TokenInUse: final("token {token} belongs to another asset"),
  UnknownAsset: final("asset {asset} is not listed"),
  WrongKind: final("asset {asset} is of the other kind: a perp where a spot is needed, or the reverse"),
};

const tokens = {
  AddressEmptyCode: final("{target} is no contract"),
  ECDSAInvalidSignature: final("the signature is invalid"),
  ECDSAInvalidSignatureLength: final("the signature has {length} bytes instead of 65"),
  ECDSAInvalidSignatureS: final("the signature's s {s} is in the upper half"),
  ERC20InsufficientAllowance: final("{spender} may spend {allowance}, and needs {needed}"),
  ERC20InsufficientBalance: final("{sender} has {balance}, and needs {needed}"),
  ERC20InvalidApprover: final("{approver} cannot approve"),
  ERC20InvalidReceiver: final("{receiver} cannot receive"),
  ERC20InvalidSender: final("{sender} cannot send"),
  ERC20InvalidSpender: final("{spender} cannot spend"),
  ERC2612ExpiredSignature: final("the permit ended at {deadline:time}"),
  ERC2612InvalidSigner: final("the permit is signed by {signer} instead of {owner}"),
  FailedCall: final("a call inside reverted without a reason"),
  InsufficientBalance: final("{balance} wei are there, {needed} are needed"),
  InsufficientHeld: retryable("the ledger holds {held:value} of asset {asset}: nothing of {needed:value} can be paid"),
  InvalidAccountNonce: final("the nonce of {account} is {currentNonce}"),
  InvalidShortString: final("a name is too long"),
  ReentrancyGuardReentrantCall: final("the contract is called from within itself"),
  SafeCastOverflowedUintDowncast: final("{value} does not fit into {bits} bits"),
  SafeERC20FailedOperation: final("token {token} refused: balance, allowance or the token itself"),
  StringTooLong: final("{str} is too long"),
  TokenAmountMismatch: final("{actual} units of {token} arrived instead of {expected}"),
  TooManyDecimals: final("{decimals} decimals are more than {bound}"),
  WithdrawalAboveLimit: retryable(
    "{value:value} of asset {asset} are more than the {left:value} that may leave this hour",
  ),
  ZeroAddress: final("an address is zero"),
  ZeroAmount: final("an amount is zero"),
};

const trading = {
  BadSignature: final("{signer} did not sign order {hash}"),
  ConditionNotMet: retryable("the order waits: {condition:condition} {level:value}, now {actual:value}"),
  DeadlinePassed: final("the deadline was {deadline:time}, now it is {now:time}"),
  FeeAboveBound: final("a fee of {fee:ppm} is above {bound:ppm}"),
  FeeAboveLimit: final("the order pays at most {limit:ppm}, this fill costs {fee:ppm}"),
  FeesOutOfBounds: final("a fee of {fee:ppm} is above {bound:ppm}"),
  FilledTooLittle: retryable("{size:value} can be filled now, at least {least:value} were asked for"),
  HealthLowered: retryable(
    "health of account {account:account} would fall, to {marginEquity:value} over {maintenance:value}",
  ),
  InventoryAboveLimit: retryable(
    "the pool of asset {asset} would hold {inventory:value}, and takes {limit:value} at most now",
  ),
  NonceFloorNotHigher: final("nonces below {before} are used already, {floor} is not higher"),
  NothingQuoted: final("asset {asset} has no pool that quotes"),
  NothingToReduce: final(
    "account {account:account} holds {position:value} of asset {asset}: {size:value} reduces nothing",
  ),
  OrderDone: final("nonce {nonce} of account {account:account} is used"),
  OrderExpired: final("the order ended at {expiry:time}, now it is {now:time}"),
  OrdersDoNotMatch: final(
    "asset {maker} {makerSize:value} does not match asset {taker} {takerSize:value}: one asset, opposite sides",
  ),
  OutsidePriceBand: retryable("price {price:value} is further than {band:bp} from mark {mark:value}"),
  PoolTradesAtItsQuote: final("the pool of asset {asset} trades at its quote, not at {price:value}"),
  PriceBeyondLimit: retryable("the price is {price:value}, the limit {limit:value}"),
  PriceNotFresh: retryable("the price of asset {asset} is {status:status}"),
  PriceNotNewer: retryable("the price is of {updatedAt:time}, the order waits for one after {notBefore:time}"),
  SizeOutOfBounds: final("size {size:value} is zero or beyond {bound:value}"),
  ValueOutOfBounds: final("{value:value} is above {bound:value}"),
};

const liquidation = {
  AccountAboveMaintenance: retryable(
    "account {account:account} has margin equity {marginEquity:value} for maintenance {maintenance:value}: nothing to liquidate",
  ),
  BidTooSmall: retryable("{size:value} are less than the {least:value} a bid takes at least"),
  CostAboveBound: final("cost {cost:value} is above {bound:value}"),
  CostsDoNotMatchLegs: final("{costs} costs for {legs} legs"),
  LossAboveBound: retryable("account {account:account} would lose {loss:value}, more than {bound:value}"),
  LotNotOver: retryable(
    "the lot of asset {asset} of account {account:account} is on offer until {end:time}, now it is {time:time}",
  ),
  NoLot: retryable("account {account:account} has no lot of asset {asset}"),
  NoPrice: retryable("asset {asset} never had a price"),
  NoReason: final("a call inside ran out of gas: set the gas by the number of entries"),
  NoReduction: final("the vault holds {held:value} of asset {asset}: {size:value} reduces nothing"),
  NoRun: final("nothing is being run"),
  NoTerms: final("the closing chain has no terms for asset {asset}"),
  NotOrphaned: retryable(
    "account {account:account} has margin equity {marginEquity:value} for maintenance {maintenance:value}: not offset yet",
  ),
  NothingForSale: retryable(
    "{amount} units of asset {spot} cannot be sold: {held:value} held, {allowance:value} left of this minute",
  ),
  NothingOnOffer: retryable("the lot of asset {asset} of account {account:account} sleeps: the account is healthy"),
  NothingPossible: retryable(
    "no stage can act on asset {asset} of account {account:account}: reduce {reduce:reason}, auction {auction:reason}, absorb {absorb:reason}, offset {offset:reason}",
  ),
  NothingToUnwind: retryable(
    "nothing of asset {asset} can be unwound: {held:value} held, {allowance:value} left of this minute",
  ),
  PriceTooFar: retryable("price {price:value} is beyond {bound:value}"),
  ProfitTooSmall: retryable("the run earns {profit:value}, at least {least:value} were asked for"),
  SaleAboveDebt: retryable("the sale would leave account {account:account} with {quoteEquity:value} above its debt"),
  TargetOutOfBounds: final("target health {target:value} is outside {lower:value} to {upper:value}"),
  TermOutOfBounds: final("{term:text} {value} is outside {lower} to {upper}"),
  WrongSide: final("size {size:value} is on the wrong side of the {taken:value} taken"),
};

const vaults = {
  AboveBound: final("{amount} is above {bound}"),
  AboveMaximum: retryable("{amount} is above {most}, the most now"),
  AsynchronousRedemption: final("what a redemption brings is known only when its cooldown is over"),
  BeforeCooldown: retryable("the request can be claimed from {claimableAt:time}, now it is {now:time}"),
  BelowLimit: retryable("{actual} is less than the {least} asked for"),
  WorthNothing: final("{amount} rounds to nothing"),
};

const oracle = {
  AlreadyFixed: final("the price of asset {asset} is fixed already"),
  AnswerAboveBound: retryable("answer {answer} is above {bound}"),
  AnswerFromFuture: retryable("the answer is of {updatedAt:time}, now it is {time:time}"),
  AnswerNotPositive: retryable("answer {answer} is not positive"),
  AnswerTooOld: retryable("the answer is {age:seconds} old, at most {bound:seconds} count"),
  ConfidenceTooWide: retryable("{confidence:value} around {price:value} is less certain than {maxConfidence:bp}"),
  DivergenceOutOfBounds: final("divergence {divergence:bp} is outside {lower:bp} to {upper:bp}"),
  DuplicateSource: final("source {source} is named twice"),
  ExponentOutOfBounds: final("exponent {exponent} is outside {least} to {most}"),
  FeeTooLow: final("{paid} wei are less than the fee of {fee}"),
  GracePeriodNotOver: retryable("the sequencer is up for {elapsed:seconds}, prices count after {gracePeriod:seconds}"),
  GracePeriodOutOfBounds: final("grace of {gracePeriod:seconds} is outside {least:seconds} to {most:seconds}"),
  HeartbeatOutOfBounds: final("heartbeat of {heartbeat:seconds} is outside {least:seconds} to {most:seconds}"),
  MaxAgeOutOfBounds: final("age of {maxAge:seconds} is outside {lower:seconds} to {upper:seconds}"),
  MaxConfidenceOutOfBounds: final("confidence {maxConfidence:bp} is outside {least:bp} to {most:bp}"),
  NeverFixed: final("the price of asset {asset} is never fixed: it guards every market"),
  NoPriceStored: retryable("the source has no price yet: bring an update"),
  NotStaleForLong: retryable("asset {asset} is stale since {staleSince:time}, not yet for {bound:seconds}"),
  PriceNotPositive: retryable("price {price} is not positive"),
  PriceOutOfBounds: retryable("price {price} is outside {least} to {most}"),
  QuorumOutOfBounds: final("quorum {quorum} is outside {lower} to {upper}"),
  RefundFailed: final("{caller} does not take back {amount} wei"),
  Revealed: final("the price of an update, told by a revert"),
  RoundIncomplete: retryable("round {round} is not complete"),
  SameSource: final("source {source} is divided by itself"),
  SequencerDown: retryable("the sequencer is down"),
  SequencerUnknown: retryable("the sequencer's state is unknown"),
  SourceCountOutOfBounds: final("{count} sources are outside {lower} to {upper}"),
  TermFromFuture: retryable("source {source}: its price is of {updatedAt:time}, now it is {time:time}"),
  TermTooUncertain: retryable("source {source}: {confidence:value} around {price:value} is too uncertain"),
  TokenNotInPool: final("{token} is neither {token0} nor {token1}"),
  TooLittleGasForSource: final("{gasLeft} gas left, {bound} needed to ask a source: send more gas"),
  UpdateFromFuture: retryable("the update is of {publishTime:time}, now it is {time:time}"),
  UpdateNotFirst: final("another update was published between {from:time} and {publishTime:time}: bring that one"),
  UpdateNotNewer: final("the update is of {publishTime:time}, stored is one of {stored:time}"),
  UpdateTooOld: final("the update is of {publishTime:time}, it must not be before {oldest:time}"),
  WindowOutOfBounds: final("window of {window:seconds} is outside {least:seconds} to {most:seconds}"),
  ZeroFeed: final("the feed is zero"),
  ZeroFeedId: final("the feed's id is zero"),
  ZeroPool: final("the pool is zero"),
  ZeroPyth: final("the price contract is zero"),
  ZeroSource: final("a source of asset {asset} is zero"),
  ZeroTerm: final("a source of the ratio is zero"),
};

export const SENTENCES = {
  ...authority,
  ...accounts,
  ...assets,
  ...tokens,
  ...trading,
  ...liquidation,
  ...vaults,
  ...oracle,
} as const satisfies Readonly<Record<string, Sentence>>;

export type ErrorName = keyof typeof SENTENCES;
