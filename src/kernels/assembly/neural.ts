/** Inner loops of neural networks in one module, because they share one memory. */
export * from './shared/dense'
export * from './shared/convolution'
export * from './shared/picture-layers'
export { copyRows } from './shared/frame'
