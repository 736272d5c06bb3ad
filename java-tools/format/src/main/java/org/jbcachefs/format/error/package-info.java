// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The one family of exceptions.
 *
 * <p>Everything that can go wrong with a filesystem is a {@link BcachefsException} of a named kind:
 * {@link CorruptionException} (bytes that contradict the format, with the format's own error name),
 * {@link DeviceException} (a device that does not answer), {@link RefusedException} (a filesystem
 * or request that this version will not touch), {@link NotFoundException}, {@link
 * LostDataException} (data that exists no more, or not here), {@link PassphraseException} and
 * {@link PosixException} (an operation on files that fails by the rules of POSIX). Any other
 * exception that escapes is a defect of this program and is never mapped to one of these.
 *
 * <p>Anything may call this package; it depends on nothing.
 */
package org.jbcachefs.format.error;
