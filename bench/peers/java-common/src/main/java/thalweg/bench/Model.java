package thalweg.bench;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;

/** An ONNX model with one input and one output. The session is shared by all threads; each has its own {@link Call}. */
public final class Model {
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;
  private final String input;
  private final String output;
  public final int width;
  public final int scores;

  public Model(Path file) throws OrtException {
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(1); // computed in the caller's thread: nobody is woken, nobody spins
    options.setInterOpNumThreads(1);
    options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
    session = environment.createSession(file.toString(), options);
    input = session.getInputNames().iterator().next();
    output = session.getOutputNames().iterator().next();
    width = lastOf(session.getInputInfo().get(input));
    scores = lastOf(session.getOutputInfo().get(output));
  }

  private static int lastOf(NodeInfo info) {
    long[] shape = ((TensorInfo) info.getInfo()).getShape();
    return (int) shape[shape.length - 1];
  }

  /**
   * Rows of input and output, at the same addresses for ever: ONNX Runtime reads the one and writes the other in place.
   * Tensors are made anew only when the number of rows changes.
   */
  public final class Call {
    public final float[] in;
    public final float[] out;
    private final FloatBuffer directIn;
    private final FloatBuffer directOut;
    private Map<String, OnnxTensor> inputs;
    private Map<String, OnnxTensor> outputs;
    private int rowsBefore = -1;

    public Call(int rowsMax) {
      in = new float[rowsMax * width];
      out = new float[rowsMax * scores];
      directIn = direct(in.length);
      directOut = direct(out.length);
    }

    private FloatBuffer direct(int count) {
      return ByteBuffer.allocateDirect(Float.BYTES * count).order(ByteOrder.nativeOrder()).asFloatBuffer();
    }

    /** Scores the first `rows` rows of `in` into `out`. */
    public void run(int rows) throws OrtException {
      if (rows != rowsBefore) {
        remake(rows);
      }
      directIn.put(0, in, 0, rows * width);
      session.run(inputs, outputs).close();
      directOut.get(0, out, 0, rows * scores);
    }

    private void remake(int rows) throws OrtException {
      if (inputs != null) {
        inputs.get(input).close();
        outputs.get(output).close();
      }
      directIn.limit(rows * width);
      directOut.limit(rows * scores);
      inputs = Map.of(input, OnnxTensor.createTensor(environment, directIn, new long[] {rows, width}));
      outputs = Map.of(output, OnnxTensor.createTensor(environment, directOut, new long[] {rows, scores}));
      rowsBefore = rows;
    }
  }
}
