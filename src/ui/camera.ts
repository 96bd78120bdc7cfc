/** The camera's states in words: what happened and what can be done. */
export interface CameraProblem {
  readonly title: string
  readonly text: string
}

export function cameraProblem(thrown: unknown, secure: boolean): CameraProblem {
  if (!secure) return { title: 'The camera needs a secure page', text: 'Browsers give it to pages over https or on this computer only. Open the studio that way, or add pictures as files.' }
  const name = thrown instanceof Error ? thrown.name : ''
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return { title: 'The camera is blocked', text: 'Allow it in the browser’s address bar (or in the settings of the system), then try again.' }
    case 'NotFoundError':
    case 'OverconstrainedError':
      return { title: 'No camera was found', text: 'Plug one in, then try again, or add pictures as files.' }
    case 'NotReadableError':
    case 'AbortError':
      return { title: 'The camera is busy', text: 'Another program or tab seems to use it. Close it there, then try again.' }
    case 'CameraLost':
      return { title: 'The camera went away', text: 'It was unplugged, or another program took it. What was recorded until then is kept.' }
    default:
      return { title: 'The camera could not be opened', text: thrown instanceof Error && thrown.message ? thrown.message.slice(0, 200) : 'The browser gave no reason.' }
  }
}

export class CameraLost extends Error {
  override readonly name = 'CameraLost'
}

/** A frame as JPEG, as the camera saw it: only the preview is mirrored. */
export async function frameOf(video: HTMLVideoElement, side = 640): Promise<Blob | undefined> {
  const scale = Math.min(1, side / Math.max(video.videoWidth, video.videoHeight))
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(video.videoWidth * scale)
  canvas.height = Math.round(video.videoHeight * scale)
  if (canvas.width === 0 || canvas.height === 0) return undefined
  canvas.getContext('2d')?.drawImage(video, 0, 0, canvas.width, canvas.height)
  return new Promise((resolve) => canvas.toBlob((blob) => resolve(blob ?? undefined), 'image/jpeg', 0.92))
}

/**
 * The frame that is shown, ready to be moved into a worker; undefined until the camera gives any. Where the browser
 * hands it out as it came from the camera, nothing is drawn or copied here.
 */
export async function movableFrameOf(video: HTMLVideoElement): Promise<VideoFrame | ImageBitmap | undefined> {
  if (video.videoWidth === 0) return undefined
  try {
    return typeof VideoFrame === 'undefined' ? await createImageBitmap(video) : new VideoFrame(video)
  } catch (error) {
    // Chromium says so while the first frame is still on its way.
    if (error instanceof DOMException && error.name === 'InvalidStateError') return undefined
    throw error
  }
}

/** Settles when the video shows another frame, which a hidden page does not; false once `signal` is aborted. */
export function nextFrame(video: HTMLVideoElement, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const shown = (): void => resolve(!signal.aborted)
    if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(shown)
    else requestAnimationFrame(shown)
    signal.addEventListener('abort', () => resolve(false), { once: true })
  })
}
