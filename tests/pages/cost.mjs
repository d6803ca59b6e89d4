// Reads cases from standard input and answers what the ticket would show for each, as JSON with integers as text.
const [, , module] = process.argv;
const { sweep, worstCase } = await import(module);
let text = "";
for await (const chunk of process.stdin) text += chunk;
const plain = (each) => JSON.parse(JSON.stringify(each, (_, value) => (typeof value === "bigint" ? String(value) : value)));
const answers = JSON.parse(text).map(({ order, book, taker, maker, held }) => ({
  swept: plain(sweep(order, book, taker)),
  worst: plain(worstCase(order, { taker, maker }, held)),
}));
console.log(JSON.stringify(answers));
