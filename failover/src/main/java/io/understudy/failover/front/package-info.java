/**
 * The front: one TCP port per VM that stays the same, and whose connections stay open, while nodes
 * fail over behind it.
 *
 * <p>It speaks the console link protocol ({@link io.understudy.capture.console}) to the node with
 * the highest term. It keeps all input that is not yet committed and knows which output it has; so
 * after a takeover it sends exactly the input that was lost with the old primary and hands on
 * exactly the output that it had not got. Where offsets do not fit it stops and says so: it never
 * skips.
 *
 * <p><strong>Modes.</strong> In {@code stream} mode the console's bytes belong to one client. In
 * {@code channels} mode up to 250 clients share it through the channel protocol.
 *
 * <p><strong>Channel protocol.</strong> Frames in both directions inside the console's byte stream,
 * length little-endian:
 *
 * <pre>
 *   +---------+------------+------------+----------------------------+
 *   | kind u8 | channel u8 | length u16 | payload (length &lt;= 1024)   |
 *   +---------+------------+------------+----------------------------+
 *
 *   1 OPEN   host -&gt; guest   length 0
 *   2 DATA   both            bytes of the channel's client
 *   3 CLOSE  both            length 0
 *   4 SYNC   host -&gt; guest and back   channel 0, 8 bytes of nonce
 *   5 ERROR  guest -&gt; host   channel 0 or the one concerned, text
 * </pre>
 *
 * <ul>
 *   <li>SYNC makes the guest forget all channels and answer with the same frame. The host sends it
 *       when a new instance of the front attaches, after a guest ERROR and after a frame of the
 *       guest that makes no sense; it discards output until its nonce comes back, because what
 *       precedes may begin in the middle of a frame. It opens no channel before.
 *   <li>Channels are 1 to 250. Per OPEN each side sends CLOSE exactly once. The host frees the
 *       number when it has both sent and received CLOSE, and takes the number that has been free
 *       for the longest time next. A second CLOSE of the guest is tolerated.
 *   <li>When a client ends its sending side the host sends CLOSE and goes on delivering until the
 *       guest's CLOSE, which comes after all replies because the guest works in order. DATA that
 *       the guest receives after its own CLOSE is to be ignored.
 *   <li>Channel clients are disconnected on a resynchronization: what the guest did with their last
 *       bytes cannot be known, and repeating them could do it twice.
 *   <li>The host puts whole frames into an INPUT message, so a takeover never splits a frame.
 * </ul>
 *
 * <p>Threads: one thread per front owns everything below {@link
 * io.understudy.failover.front.Front}; a second one only resolves host names.
 */
package io.understudy.failover.front;
