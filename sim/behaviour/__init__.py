"""How customers feel about what happened to them, and whether they leave.

The idea: an issue ends with a satisfaction S (0 to 100), made on a logistic scale of the wait that was felt and of what
went wrong (`feeling`). S moves the customer's mood C (cumulative satisfaction, 0 to 100), which between issues relaxes
to what is usual, C_ref (`mood`). The mood tilts a monthly hazard of leaving, beside contract, tenure, expiry and a
recorded complaint; the hazard's integral gives the probability to leave (`leaving`).

Everything here is a pure function of arrays, one element a customer or an issue. No random number is drawn for a
customer: draws are handed in. Where an argument is NaN the function says what follows; most give NaN back.

Every constant carries unit, range, grade and source (`constants`); `docs/satisfaction.md` lists them all.
"""
