"""The matching engine: pure Python, no Django, no clock, no database, integers only (but for the LMSR curve).

    units      the size of a complete set; fees
    orders     what a trader asks for and what has become of it
    book       price levels of one outcome, in price-time priority
    lmsr       the curve of the house market maker
    state      one market: books, holdings, the house, counters
    exposure   how large a position could become by resting orders
    decide     command + state -> event data, or a refusal; changes nothing
    placing    deciding orders, new and amended; `purse` counts what a budget may still spend
    splitting  a new outcome split off from "Other"; `scalar`: what a scalar market pays
    judging    the same for disputes, voiding and corrections
    effects    what an event did beyond the state: to cash, orders, holders
    cancelling, lifecycle   the events that end orders, and those of a market's life
    apply      event data + state -> the state after it, and the effects on cash and orders
    snapshot   the state as canonical JSON, and back

`decide` and `apply` are kept apart so that a live market and one replayed from its stream take the very same path.
"""
