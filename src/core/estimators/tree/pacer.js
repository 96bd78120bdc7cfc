const everyMs = 25;
/** Call it as often as is handy: it reaches the checkpoint about 40 times a second. */
export function createPacer(context) {
    let last = context.now();
    const rest = Promise.resolve();
    return () => {
        const now = context.now();
        if (now - last < everyMs)
            return rest;
        last = now;
        return context.checkpoint();
    };
}
