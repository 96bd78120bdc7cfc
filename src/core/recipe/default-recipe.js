export function defaultRecipe(tags, columns, target) {
    const features = columns.filter((column) => column.name !== target);
    const has = (kind) => features.some((column) => column.kind === kind);
    const steps = [];
    const add = (step, kinds, params = {}) => steps.push({ id: `step-${steps.length + 1}`, step, columns: { by: 'kind', kinds }, params });
    if (has('datetime'))
        add('datetime-parts', ['datetime']);
    if (!tags.acceptsMissing) {
        if (has('numeric') || has('datetime'))
            add('impute', ['numeric'], { strategy: 'median' });
        if (has('boolean'))
            add('impute', ['boolean'], { strategy: 'most-frequent' });
    }
    if (tags.wantsScaled && (has('numeric') || has('datetime')))
        add('scale', ['numeric']);
    if (has('categorical'))
        add(tags.acceptsCategories ? 'ordinal' : 'onehot', ['categorical']);
    return { version: 1, steps, excluded: [] };
}
