package io.understudy.failover.front;

import java.time.Instant;
import java.util.Optional;

/**
 * A front's state at one moment, for status displays.
 *
 * @param state what the front is doing
 * @param clients connected clients
 * @param clientsAccepted clients accepted since the start
 * @param clientsRefused clients turned away since the start
 * @param clientsDisconnected clients the front had to disconnect: not reading, or resynchronization
 * @param bytesFromClients bytes read from clients
 * @param bytesToClients bytes written to clients
 * @param node where the front is attached
 * @param term highest term seen, -1 before the first
 * @param stalledSince since when no node is attached
 * @param inputOffset end of the input produced so far
 * @param inputAcknowledged end of the committed input
 * @param outputOffset end of the output received
 * @param inputReplays input messages sent again after a link was lost
 * @param duplicateOutputBytes output received and dropped because it was there already
 * @param unreadOutputBytes stream mode: output nobody was there to read and that was dropped
 * @param resynchronizations times SYNC was sent
 * @param roundTripNanos last measured round trip to the attached node, -1 if none yet
 */
public record FrontStatistics(
    FrontState state,
    int clients,
    long clientsAccepted,
    long clientsRefused,
    long clientsDisconnected,
    long bytesFromClients,
    long bytesToClients,
    Optional<Endpoint> node,
    long term,
    Optional<Instant> stalledSince,
    long inputOffset,
    long inputAcknowledged,
    long outputOffset,
    long inputReplays,
    long duplicateOutputBytes,
    long unreadOutputBytes,
    long resynchronizations,
    long roundTripNanos) {}
