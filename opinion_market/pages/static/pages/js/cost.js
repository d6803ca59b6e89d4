// What an order would cost, before it is sent. Pure arithmetic in integers (BigInt: weights pass 2^53), as in the engine:
// fee = ceil(rate x sum(price x (10,000 - price) x quantity) / 10^8). The house market maker's curve is the one estimate.

const SET = 10000n;
const FEE_SCALE = SET * 10000n;
const CEILING = 0.99;
const FLOOR = 0.01;

const ceilDivide = (a, b) => (a >= 0n ? (a + b - 1n) / b : -(-a / b));

// Units, rounded up; a negative rate is a rebate, which the same rounding makes smaller.
export function fee(rateBps, weight) {
  return ceilDivide(BigInt(rateBps) * weight, FEE_SCALE);
}

export function fillWeight(value, quantity) {
  return ceilDivide(value * (SET * quantity - value), quantity);
}

// The largest weight a contract can have when it is paid at `limit` or less (buy), or at `limit` or more (sell).
function worstWeight(side, limit) {
  const half = SET / 2n;
  const at = side === "buy" ? (limit < half ? limit : half) : limit > half ? limit : half;
  return at * (SET - at);
}

// How many contracts the house trades until its price is `target`, and what they cost: C(q) = b ln sum exp(q_i / b).
function houseReach(house, side, target) {
  const goal = side === "buy" ? Math.min(target, CEILING) : Math.max(target, FLOOR);
  const distance = house.b * (Math.log(goal / (1 - goal)) - Math.log(house.price / (1 - house.price)));
  return Math.max(0, Math.floor(side === "buy" ? distance : -distance));
}

export function houseValue(house, side, contracts) {
  const { b, price } = house;
  if (side === "buy") return BigInt(Math.ceil(b * Math.log1p(price * Math.expm1(contracts / b)) * 10000));
  return BigInt(Math.max(0, Math.floor(-b * Math.log1p(price * Math.expm1(-contracts / b)) * 10000)));
}

function moved(house, side, contracts) {
  const odds = Math.log(house.price / (1 - house.price)) + (side === "buy" ? contracts : -contracts) / house.b;
  return { b: house.b, price: 1 / (1 + Math.exp(-odds)) };
}

// Largest count up to `most` that the purse covers; value(count) grows with it.
function affordable(most, covers) {
  let low = 0n;
  let high = most;
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (covers(middle)) low = middle;
    else high = middle - 1n;
  }
  return low;
}

/* The fills an order would have against the book as it is.
 * order: side, limit (units), quantity or budget (units). book: bids, offers, house {b, price in (0, 1)} or null.
 * Answers BigInts: filled, value (units paid or received), fee, and whether the house had a part (then it is an estimate). */
export function sweep(order, book, takerFeeBps) {
  const { side } = order;
  const buying = side === "buy";
  const limit = order.limit ?? (buying ? 9999 : 1);
  const levels = (buying ? book.offers : book.bids).filter((level) => (buying ? level.price <= limit : level.price >= limit));
  const purse = order.budget === undefined ? null : BigInt(order.budget);
  let left = purse === null ? BigInt(order.quantity) : 1000000000n;
  let house = book.house && book.house.price > 0 && book.house.price < 1 ? book.house : null;
  const found = { filled: 0n, value: 0n, weight: 0n, withHouse: false };
  const spend = (quantity, valueOf) => {
    let taken = quantity < left ? quantity : left;
    if (purse !== null) {
      taken = affordable(taken, (count) => {
        const value = valueOf(count);
        return found.value + value + fee(takerFeeBps, found.weight + fillWeight(value, count)) <= purse;
      });
    }
    if (taken > 0n) {
      const value = valueOf(taken);
      found.weight += fillWeight(value, taken);
      found.value += value;
      found.filled += taken;
    }
    left = taken < quantity && taken < left ? 0n : left - taken;
    return taken;
  };
  const askHouse = (bound) => {
    if (!house || left <= 0n) return;
    const reach = BigInt(houseReach(house, side, bound / 10000));
    if (reach <= 0n) return;
    const taken = spend(reach, (count) => houseValue(house, side, Number(count)));
    if (taken > 0n) {
      found.withHouse = true;
      house = moved(house, side, Number(taken));
    }
  };
  for (const level of levels) {
    if (left <= 0n) break;
    askHouse(level.price);
    if (left > 0n) spend(BigInt(level.quantity), (count) => BigInt(level.price) * count);
  }
  askHouse(limit);
  return { ...found, fee: fee(takerFeeBps, found.weight) };
}

/* What sending the order can do at worst. `held`: contracts of the outcome held and free, which a sale delivers first.
 * cost: units that leave the account at most (a seller without contracts pays for complete sets). loss: what is lost at most, if
 * the outcome goes the wrong way. gain: what is won at most before fees of the other kind. All BigInt, fees at the dearer rate. */
export function worstCase(order, rates, held = 0) {
  const rate = Math.max(rates.taker, order.rests ? rates.maker : rates.taker, 0);
  if (order.budget !== undefined) return { cost: BigInt(order.budget), loss: BigInt(order.budget) };
  const quantity = BigInt(order.quantity);
  const limit = BigInt(order.limit ?? (order.side === "buy" ? 9999 : 1));
  const fees = fee(rate, worstWeight(order.side, limit) * quantity);
  if (order.side === "buy") return { cost: limit * quantity + fees, loss: limit * quantity + fees, fees };
  const short = quantity > BigInt(held) ? quantity - BigInt(held) : 0n;
  return { cost: (SET - limit) * short + fees, loss: (SET - limit) * quantity + fees, fees };
}

// What is left over if the outcome comes true (bought) or does not (sold), for the part that would fill now.
export function bestCase(side, swept) {
  return side === "buy" ? SET * swept.filled - swept.value - swept.fee : swept.value - swept.fee;
}
