import { describe, expect, it } from 'vitest'
import { lostProjects, notedProjects, noteProjects } from '../../../src/storage/sentinel.ts'

function storage(text: string | null = null) {
  let value = text
  return { getItem: () => value, setItem: (_key: string, next: string) => void (value = next), removeItem: () => void (value = null) }
}

describe('sentinel', () => {
  it('names the projects that the browser threw away', () => {
    const kept = storage()
    noteProjects(kept, [{ id: 'a', name: 'Wages' }, { id: 'b', name: 'Credit' }])
    expect(lostProjects(kept, [{ id: 'b' }])).toEqual([{ id: 'a', name: 'Wages' }])
    noteProjects(kept, [])
    expect(lostProjects(kept, [])).toEqual([])
  })
  it('survives a storage that is full of something else, or refuses', () => {
    for (const text of ['{', '7', 'null', '[1, null, {"id": 1}]']) expect(notedProjects(storage(text))).toEqual([])
    const refusing = { getItem: () => { throw new DOMException('denied', 'SecurityError') }, setItem: () => { throw new DOMException('full', 'QuotaExceededError') }, removeItem: () => {} }
    expect(() => noteProjects(refusing, [{ id: 'a', name: 'a' }])).not.toThrow()
    expect(lostProjects(refusing, [])).toEqual([])
  })
})
