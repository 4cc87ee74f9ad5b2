import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** The join of tests/bench/join.py on Kafka Streams: one thread, dossiers in RocksDB with a changelog. */
public class Join {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Set<String> WORK_COUNTRIES = Set.of("MYS", "SGP", "SAU", "TWN", "HKG", "KOR", "KHM");
  private static final Set<String> PLACED = Set.of("approved", "departed");
  private static final long EVENTS = Long.parseLong(System.getenv("BENCH_EVENTS"));
  private static final CountDownLatch DONE = new CountDownLatch(1);

  // Touched by the one stream thread only; the latch publishes them to main.
  private static long seen = 0;
  private static long began = 0;
  private static long ended = 0;

  /** One person's events meet that person's dossier. */
  static class Person implements Processor<byte[], byte[], byte[], byte[]> {
    private ProcessorContext<byte[], byte[]> context;
    private KeyValueStore<byte[], byte[]> store;

    @Override
    public void init(ProcessorContext<byte[], byte[]> given) {
      context = given;
      store = given.getStateStore("person");
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
      if (began == 0) began = System.nanoTime();
      try {
        byte[] before = store.get(record.key());
        ObjectNode dossier = before == null ? JSON.createObjectNode() : (ObjectNode) JSON.readTree(before);
        ObjectNode alert = step(dossier, JSON.readTree(record.value()));
        store.put(record.key(), JSON.writeValueAsBytes(dossier));
        if (alert != null) context.forward(record.withValue(JSON.writeValueAsBytes(alert)));
      } catch (IOException broken) {
        throw new UncheckedIOException(broken);
      }
      if (++seen == EVENTS) {
        ended = System.nanoTime();
        DONE.countDown();
      }
    }
  }

  private static ObjectNode step(ObjectNode dossier, JsonNode event) {
    switch (event.get("kind").asText()) {
      case "passport_application" -> {
        dossier.set("passport_at", event.get("occurred_at"));
        dossier.set("purpose", event.get("stated_purpose"));
      }
      case "placement" -> {
        dossier.set("placement", event.get("status"));
        dossier.set("until", event.get("valid_until"));
      }
      case "complaint" -> {
        dossier.put("complaints", dossier.path("complaints").asInt(0) + 1);
        dossier.set("last_complaint", event.get("occurred_at"));
      }
      default -> {
        if (!event.get("direction").asText().equals("departure")) return null;
        dossier.set("last_departure", event.get("occurred_at"));
        return suspicious(dossier, event) ? alert(dossier, event) : null;
      }
    }
    return null;
  }

  private static boolean suspicious(ObjectNode dossier, JsonNode event) {
    return !PLACED.contains(dossier.path("placement").asText(""))
        && WORK_COUNTRIES.contains(event.get("destination").asText())
        && !event.get("visa").asText().equals("work");
  }

  private static ObjectNode alert(ObjectNode dossier, JsonNode event) {
    ObjectNode alert = JSON.createObjectNode();
    alert.set("alert_id", event.get("event_id"));
    alert.set("nik", event.get("nik"));
    alert.set("checkpoint", event.get("checkpoint"));
    ArrayNode reasons = alert.putArray("reasons").add("no_active_placement");
    if (dossier.has("complaints")) reasons.add("prior_complaint");
    if (dossier.has("passport_at")) {
      Instant issued = Instant.parse(dossier.get("passport_at").asText());
      Instant left = Instant.parse(event.get("occurred_at").asText());
      if (Duration.between(issued, left).toDays() < 30) reasons.add("new_passport");
    }
    alert.set("at", event.get("occurred_at"));
    return alert;
  }

  public static void main(String[] arguments) throws InterruptedException {
    var bytes = Serdes.ByteArray();
    Topology topology = new Topology();
    String[] topics = System.getenv("BENCH_TOPICS").split(",");
    topology.addSource("events", bytes.deserializer(), bytes.deserializer(), topics);
    topology.addProcessor("join", Person::new, "events");
    topology.addStateStore(
        Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("person"), bytes, bytes), "join");
    topology.addSink("alerts", System.getenv("BENCH_ALERTS"), bytes.serializer(), bytes.serializer(), "join");

    Properties settings = new Properties();
    settings.put("application.id", System.getenv("BENCH_GROUP"));
    settings.put("bootstrap.servers", System.getenv("BENCH_KAFKA"));
    settings.put("state.dir", System.getenv("BENCH_FOLDER"));
    settings.put("num.stream.threads", 1);
    settings.put("replication.factor", 1);
    settings.put("auto.offset.reset", "earliest");
    try (KafkaStreams streams = new KafkaStreams(topology, settings)) {
      streams.start();
      DONE.await();
      System.out.printf("{\"seconds\": %.6f}%n", (ended - began) / 1e9);
    }
  }
}
