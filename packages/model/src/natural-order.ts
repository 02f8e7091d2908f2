/** The order in which people expect names: `t2` before `t10` (spec dashboard.md B5.3). */

/** Runs of digits are compared as numbers, all else by code point; texts that only differ in leading zeros are not equal either. */
export function naturalCompare(left: string, right: string): number {
  let [at, other] = [0, 0];
  while (at < left.length && other < right.length) {
    const [unit, otherUnit] = [left.charCodeAt(at), right.charCodeAt(other)];
    if (isDigit(unit) && isDigit(otherUnit)) {
      const [begin, otherBegin] = [skipZeros(left, at), skipZeros(right, other)];
      [at, other] = [skipDigits(left, begin), skipDigits(right, otherBegin)];
      const order =
        at - begin - (other - otherBegin) ||
        compareUnits(left.slice(begin, at), right.slice(otherBegin, other));
      if (order !== 0) {
        return order;
      }
    } else if (unit === otherUnit) {
      at += 1;
      other += 1;
    } else {
      return codePointRank(unit) - codePointRank(otherUnit);
    }
  }
  return left.length - at - (right.length - other) || compareUnits(left, right);
}

function compareUnits(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

function skipZeros(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === 0x30) {
    at += 1;
  }
  return at;
}

function skipDigits(text: string, from: number): number {
  let at = from;
  while (isDigit(text.charCodeAt(at))) {
    at += 1;
  }
  return at;
}

/** Halves of a pair stand for code points beyond all that are one unit. */
function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
