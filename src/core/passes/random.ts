/** The seeded generator of a recipe, under the name that passes know. It must not know what it is used for. */
export { seededRandom } from '../random.ts';
