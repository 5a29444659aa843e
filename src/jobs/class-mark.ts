/** Job classes are told by a symbol of the whole process, so that one of another copy of this package is one too. */
export const CLASS_MARK = Symbol.for('dsage.DistributedJob');
