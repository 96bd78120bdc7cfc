/** Text inside HTML, elements and attributes alike: nothing in it is markup. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`).replaceAll('\0', '\ufffd')
