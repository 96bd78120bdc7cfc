/** Trains, exports and answers questions about a model: one script, so that its parts are built once. */
import { computeHandlers } from '../src/tasks/handlers.ts'
import { serveTasks } from './serve-tasks.ts'

serveTasks(computeHandlers)
