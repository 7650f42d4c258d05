// Roots, logarithms and exponentials with the approximations that the contracts use, to the last bit; 1e18 is one.
import { ArithmeticError } from "./integers.js";

export class ExpOverflow extends ArithmeticError {
  override name = "ExpOverflow";

  constructor(readonly x: bigint) {
    super(`exp(${x}) does not fit a word`);
  }
}

export class LnWadUndefined extends ArithmeticError {
  override name = "LnWadUndefined";

  constructor(readonly x: bigint) {
    super(`${x} has no logarithm`);
  }
}

const EXP_UNDERFLOW = -41_446_531_673_892_822_313n;
const EXP_OVERFLOW = 135_305_999_368_893_231_589n;
const LN_2 = 54_916_777_467_707_473_351_141_471_128n;
const FIVE_18 = 5n ** 18n;

/** exp(x). */
export function expWad(wad: bigint): bigint {
  if (wad <= EXP_UNDERFLOW) return 0n;
  if (wad >= EXP_OVERFLOW) throw new ExpOverflow(wad);
  let x = (wad << 78n) / FIVE_18;
  const k = ((x << 96n) / LN_2 + (1n << 95n)) >> 96n;
  x -= k * LN_2;
  const ratio = expNumerator(x) / expDenominator(x);
  return (ratio * 3_822_833_074_963_236_453_042_738_258_902_158_003_155_416_615_667n) >> (195n - k);
}

function expNumerator(x: bigint): bigint {
  let y = x + 1_346_386_616_545_796_478_920_950_773_328n;
  y = ((y * x) >> 96n) + 57_155_421_227_552_351_082_224_309_758_442n;
  let p = y + x - 94_201_549_194_550_492_254_356_042_504_812n;
  p = ((p * y) >> 96n) + 28_719_021_644_029_726_153_956_944_680_412_240n;
  return p * x + (4_385_272_521_454_847_904_659_076_985_693_276n << 96n);
}

function expDenominator(x: bigint): bigint {
  let q = x - 2_855_989_394_907_223_263_936_484_059_900n;
  q = ((q * x) >> 96n) + 50_020_603_652_535_783_019_961_831_881_945n;
  q = ((q * x) >> 96n) - 533_845_033_583_426_703_283_633_433_725_380n;
  q = ((q * x) >> 96n) + 3_604_857_256_930_695_427_073_651_918_091_429n;
  q = ((q * x) >> 96n) - 14_423_608_567_350_463_180_887_372_962_807_573n;
  return ((q * x) >> 96n) + 26_449_188_498_355_588_339_934_803_723_976_023n;
}

/** ln(x). */
export function lnWad(wad: bigint): bigint {
  if (wad <= 0n) throw new LnWadUndefined(wad);
  const k = log2(wad);
  // 1 to 2 in 2⁹⁶.
  const x = (wad << (255n - k)) >> 159n;
  let sum = 1_677_202_110_996_718_588_342_820_967_067_443_963_516_166n * (lnNumerator(x) / lnDenominator(x));
  sum += 16_597_577_552_685_614_221_487_285_958_193_947_469_193_820_559_219_878_177_908_093_499_208_371n * (k - 96n);
  sum += 600_920_179_829_731_861_736_702_779_321_621_459_595_472_258_049_074_101_567_377_883_020_018_308n;
  return sum >> 174n;
}

function lnNumerator(x: bigint): bigint {
  let p = ((x + 3_273_285_459_638_523_848_632_254_066_296n) * x) >> 96n;
  p = ((p + 24_828_157_081_833_163_892_658_089_445_524n) * x) >> 96n;
  p = ((p + 43_456_485_725_739_037_958_740_375_743_393n) * x) >> 96n;
  p -= 11_111_509_109_440_967_052_023_855_526_967n;
  p = ((p * x) >> 96n) - 45_023_709_667_254_063_763_336_534_515_857n;
  p = ((p * x) >> 96n) - 14_706_773_417_378_608_786_704_636_184_526n;
  return p * x - (795_164_235_651_350_426_258_249_787_498n << 96n);
}

function lnDenominator(x: bigint): bigint {
  let q = x + 5_573_035_233_440_673_466_300_451_813_936n;
  q = ((x * q) >> 96n) + 71_694_874_799_317_883_764_090_561_454_958n;
  q = ((x * q) >> 96n) + 283_447_036_172_924_575_727_196_451_306_956n;
  q = ((x * q) >> 96n) + 401_686_690_394_027_663_651_624_208_769_553n;
  q = ((x * q) >> 96n) + 204_048_457_590_392_012_362_485_061_816_622n;
  q = ((x * q) >> 96n) + 31_853_899_698_501_571_402_653_359_427_138n;
  return ((x * q) >> 96n) + 909_429_971_244_387_300_277_376_558_375n;
}

/** √x, down. */
export function sqrt(x: bigint): bigint {
  if (x < 2n) return x;
  let root = 1n << (log2(x) / 2n + 1n);
  for (;;) {
    const next = (root + x / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** log₂ x, down; 0 of 0. */
export function log2(x: bigint): bigint {
  let bits = 0n;
  let rest = x;
  for (let step = 128n; step !== 0n; step >>= 1n) {
    if (rest >> step === 0n) continue;
    rest >>= step;
    bits += step;
  }
  return bits;
}

/** x within the bounds; the upper one where they cross. */
export function clamp(x: bigint, lower: bigint, upper: bigint): bigint {
  const raised = x < lower ? lower : x;
  return raised > upper ? upper : raised;
}
