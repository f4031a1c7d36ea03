import { CreateCore1795150000000 } from './1795150000000-create-core.js';

/** Every migration, oldest first. */
export const MIGRATIONS = [CreateCore1795150000000];
