/** Words of the product's own, not of the data. */

/** Names of people stay names in the middle of a sentence. */
const names = /^(Bayes|Bernoulli|Gauss|Huber|Poisson|Tweedie)/

/** A label for the middle of a sentence: "Neural network (MLP)" -> "neural network (MLP)". */
export const lowerFirst = (text: string): string => (names.test(text) ? text : (text[0] ?? '').toLowerCase() + text.slice(1))
