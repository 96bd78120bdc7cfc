/** Reads files into datasets; in memory mode one more of it keeps all records. */
import { ingestHandlers } from '../src/tasks/handlers.ts'
import { serveTasks } from './serve-tasks.ts'

serveTasks(ingestHandlers)
