/** Composition root: makes the parts, joins them, and mounts the frame. */
import './styles/tokens.css'
import './styles/base.css'
