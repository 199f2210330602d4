import { describe, expect, it } from 'vitest';
import { alphabetsFor } from './alphabets.ts';
import { classMappings, listedClasses } from './classes.ts';

const set = (classes: string[], texts: Record<string, string> = {}) => ({
  classes,
  texts: new Map(Object.entries(texts)),
});
const brief = (found: ReturnType<typeof classMappings>): [number, string][] =>
  found.map(({ classOffset, classes }) => [classOffset, classes.join(' ')]);

describe('numbers', () => {
  it('are class numbers, whatever part of them occurs', () => {
    expect(brief(classMappings(set(['0', '3', '998']), 1000))).toEqual([[0, '']]);
  });

  it('count from one where the largest is the number of classes', () => {
    expect(brief(classMappings(set(['1', '2', '10']), 10))).toEqual([[-1, '']]);
  });

  it('have the background before them in models of 1001 classes', () => {
    expect(brief(classMappings(set(['0', '999']), 1001))).toEqual([
      [1, ''],
      [0, ''],
    ]);
  });

  it('beyond the classes stand in order when there are as many', () => {
    expect(brief(classMappings(set(['5', '17', '200']), 3))).toEqual([[0, '5 17 200']]);
  });

  it('beyond the classes fit nothing else', () => {
    expect(classMappings(set(['5', '17', '200']), 10)).toEqual([]);
  });
});

describe('names', () => {
  it('stand in order when there are as many as classes', () => {
    expect(brief(classMappings(set(['cat', 'dog']), 2))).toEqual([[0, 'cat dog']]);
    expect(brief(classMappings(set(['cat', 'dog']), 3))).toEqual([[1, 'cat dog']]);
    expect(classMappings(set(['cat', 'dog']), 4)).toEqual([]);
  });

  it('are found in a list that came along, in other spellings', () => {
    const list = 'tench, Tinca tinca\ngoldfish\ngreat white shark\nhen\n';
    const [first] = classMappings(set(['Great_White-Shark', 'tench'], { 'classes.txt': list }), 4);
    expect(first).toEqual({
      title: 'names as in classes.txt',
      classes: ['tench', 'goldfish', 'Great_White-Shark', 'hen'],
      classOffset: 0,
    });
    expect(classMappings(set(['unicorn', 'tench'], { 'classes.txt': list }), 4)).toEqual([]);
  });

  it('are found in lists of the WordNet and JSON kinds', () => {
    const synsets = 'n01440764 tench\nn01443537 goldfish';
    expect(classMappings(set(['n01443537', 'n01440764'], { a: synsets }), 2)[0]?.classes).toEqual([
      'n01440764',
      'n01443537',
    ]);
    const json = JSON.stringify({ 0: ['n01440764', 'tench'], 1: ['n01443537', 'goldfish'] });
    expect(classMappings(set(['goldfish', 'tench'], { a: json }), 2)[0]?.classes).toEqual([
      'tench',
      'goldfish',
    ]);
    expect(classMappings(set(['b', 'a'], { a: '["b", "a"]' }), 2)[0]?.classes).toEqual(['b', 'a']);
  });

  it('of two labels never share a class', () => {
    expect(classMappings(set(['Crane', 'crane'], { a: 'crane\nheron\nstork\nibis' }), 4)).toEqual([]);
  });

  it('may start with their number', () => {
    expect(classMappings(set(['0_cat', '2-dog']), 4)).toEqual([
      {
        title: 'numbers at the start of the names',
        classes: ['0_cat', 'class 1', '2-dog', 'class 3'],
        classOffset: 0,
      },
    ]);
  });

  it('are two for a single score', () => {
    expect(brief(classMappings(set(['no', 'yes']), 1))).toEqual([[0, 'no yes']]);
  });

  it('of boxes take the order of a list', () => {
    expect(listedClasses(set(['dog'], { 'coco.txt': 'person\ncat\ndog' }))).toEqual(['person', 'cat', 'dog']);
    expect(listedClasses(set(['dog'], { 'coco.txt': 'person\ncat' }))).toEqual(['dog']);
    expect(listedClasses(set([], { 'readme.txt': 'hello' }))).toEqual([]);
  });
});

describe('alphabets', () => {
  it('are lists that leave one class for the blank, or one more for the space', () => {
    const keys = { 'keys.txt': 'a\nb\nc\n' };
    expect(alphabetsFor(set([], keys), 4).map(({ letters, blank }) => [letters.join(''), blank])).toEqual([
      ['abc', 0],
      ['abc', 3],
    ]);
    expect(
      alphabetsFor(set([], keys), 5).map(({ letters, blank, paddle }) => [letters.join(''), blank, paddle]),
    ).toEqual([
      ['abc ', 0, true],
      ['abc ', 4, false],
    ]);
    expect(alphabetsFor(set([], keys), 9)).toEqual([]);
  });

  it('keep lines that are a space of some kind', () => {
    expect(alphabetsFor(set([], { 'keys.txt': '\uFEFFa\r\n\u3000\r\n \r\n' }), 4)[0]?.letters).toEqual([
      'a',
      '\u3000',
      ' ',
    ]);
  });

  it('are common ones of the right size', () => {
    expect(alphabetsFor(set([]), 37)[0]?.letters.join('')).toBe('0123456789abcdefghijklmnopqrstuvwxyz');
    expect(alphabetsFor(set([]), 96)[0]?.letters.length).toBe(95);
  });
});
