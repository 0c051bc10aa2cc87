/**
 * The contract of everything Understudy writes: topic names, event types, their Avro wire format
 * and the hash chain over epochs.
 *
 * <p>Hand-written immutable types are the API; the Avro records in {@code
 * io.understudy.schemas.avro} are generated and are used outside this package only for {@link
 * io.understudy.schemas.MachineStateCodec}. This package knows no other module.
 */
package io.understudy.schemas;
