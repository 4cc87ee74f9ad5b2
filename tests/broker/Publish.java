import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** An agency on Java: every line of standard input is codec, topic, key and value, with tabs between. */
public class Publish {
    public static void main(String[] arguments) throws Exception {
        Map<String, KafkaProducer<String, String>> producers = new HashMap<>();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] parts = line.split("\t", 4);
            producers.computeIfAbsent(parts[0], codec -> producer(arguments[0], codec))
                    .send(new ProducerRecord<>(parts[1], parts[2], parts[3]), (done, failed) -> {
                        if (failed != null) {
                            failed.printStackTrace();
                            Runtime.getRuntime().halt(1);
                        }
                    });
        }
        producers.values().forEach(KafkaProducer::close);
    }

    private static KafkaProducer<String, String> producer(String bootstrap, String codec) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("compression.type", codec);
        settings.put("linger.ms", "50");
        return new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
    }
}
