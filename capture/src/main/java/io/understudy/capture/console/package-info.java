/**
 * The node's end of the console link: output of the guest leaves only when it is committed, input
 * enters in messages that become one event each.
 *
 * <p>A guest's console is a byte stream in each direction. A byte's <em>offset</em> counts from the
 * first byte of the run, 0, and is the same on every node that ran or replayed the guest. The front
 * (in the coordinator) keeps clients' connections while nodes come and go; offsets are how it and a
 * new primary agree on what the other one has.
 *
 * <p><strong>Link protocol, version 1.</strong> One TCP connection, opened by the front. Frames in
 * both directions, integers big-endian:
 *
 * <pre>
 *   +----------------+--------+------------------------+
 *   | length u32     | type u8| body (length - 1 bytes)|      1 &lt;= length &lt;= 65536
 *   +----------------+--------+------------------------+
 *
 *   type            direction      body
 *   1 HELLO         node  -&gt; front magic u32 = "UNDL", version u16, vm length u8, vm (ASCII),
 *                                  run (16 bytes, UUID), term i64, inputNext i64,
 *                                  inputCommitted i64, outputStart i64, outputReleased i64
 *   2 ATTACH        front -&gt; node  magic u32 = "UNDL", version u16, front (16 bytes, UUID),
 *                                  inputFrom i64, outputFrom i64
 *   3 INPUT         front -&gt; node  offset i64, bytes (1 to 2048)
 *   4 INPUT_ACK     node  -&gt; front offset i64: everything below it is committed
 *   5 OUTPUT        node  -&gt; front offset i64, bytes (1 to 16384)
 *   6 OUTPUT_ACK    front -&gt; node  offset i64: everything below it was handed on
 *   7 PING          both           sender's clock in nanoseconds i64
 *   8 PONG          both           the clock value of the PING that is answered i64
 *   9 GOODBYE       both           reason (UTF-8); the sender closes the connection after it
 * </pre>
 *
 * <pre>
 *   front                                   node
 *     | ------------- connect -------------&gt; |   standby: nothing but PING and PONG
 *     | &lt;-------------- HELLO -------------- |   at once when live, else when it goes live
 *     | ------------- ATTACH --------------&gt; |   replaces an older front (GOODBYE to that one)
 *     | &lt;------------ INPUT_ACK ------------ |   always: it confirms the attachment
 *     | &lt;------------- OUTPUT -------------- |   from outputFrom on, only what is committed
 *     | -------------- INPUT --------------&gt; |   from inputFrom on, without gap or overlap
 * </pre>
 *
 * <ul>
 *   <li>{@code inputNext} is the next input offset the node takes; {@code inputCommitted}, at most
 *       as large, is what survives the node. A front keeps everything from {@code inputCommitted}
 *       on and sends again from {@code inputNext} on.
 *   <li>{@code outputStart} is the oldest output the node still holds, {@code outputReleased} the
 *       end of what it may hand out now.
 *   <li>If {@code inputFrom} is not {@code inputNext} any more when ATTACH arrives (another front
 *       sent input since HELLO), or {@code outputFrom} is not held any more, the node says GOODBYE
 *       and the front connects again.
 *   <li>An INPUT message is one event of the guest: it is taken and committed as a whole, therefore
 *       every offset in a HELLO or INPUT_ACK lies between two messages.
 *   <li>At most 256 KiB of input may be sent and not yet acknowledged.
 *   <li>Either side sends PING at a fixed interval from the connect on. A side that hears nothing
 *       for its silence timeout drops the connection; one that has stopped reading on purpose
 *       (back-pressure) does not count that time.
 *   <li>A malformed frame ends the connection with a GOODBYE that says what was wrong.
 * </ul>
 *
 * <p>Threads: {@link io.understudy.capture.console.ConsoleServer} owns one network thread; the vCPU
 * thread and the committer thread talk to it only through its public methods and {@link
 * io.understudy.capture.console.OutputBuffer}.
 */
package io.understudy.capture.console;
