import Foundation
import Tensors
import Testing

@testable import LanguageModels

/// Names, initial values, copies.
@Suite struct ModelTests {
  @Test(arguments: fixtureModels)
  func namesAndShapesAreThoseOfTheCheckpoint(_ name: String) throws {
    let directory = fixtures.appendingPathComponent(name)
    let files = try CheckpointFiles(directory)
    let specs = DecoderModel.parameterSpecs(try DecoderConfiguration(directory: directory))
    #expect(Set(specs.map(\.name)) == Set(files.files.flatMap { CheckpointFiles.names(in: $0) }))
    for spec in specs { #expect(files.file(of: spec.name)?[spec.name]?.shape == spec.shape) }
  }

  @Test func initialValuesAreTransformers() throws {
    var configuration = smallConfiguration(.qwen2, tied: false)
    configuration.initializerRange = 0.02
    configuration.vocabSize = 500
    let model = DecoderModel(configuration: configuration, backend: try makeBackend(), seed: 9)
    for parameter in model.store.parameters {
      let values = parameter.value.array
      if parameter.name.hasSuffix(".bias") {
        #expect(values.allSatisfy { $0 == 0 }, "\(parameter.name)")
      } else if parameter.shape.count == 1 {
        #expect(values.allSatisfy { $0 == 1 }, "\(parameter.name)")
      } else {
        let drawn =
          parameter.name == ParameterName.embedding ? Array(values.dropFirst(32)) : values
        let count = Double(drawn.count)
        let mean = drawn.reduce(0.0) { $0 + Double($1) } / count
        let variance = drawn.reduce(0.0) { $0 + Double($1) * Double($1) } / count
        // Five standard errors.
        #expect(abs(mean) < 5 * 0.02 / count.squareRoot(), "\(parameter.name) \(mean)")
        #expect(
          abs(variance / 0.0004 - 1) < 5 * (2 / count).squareRoot(),
          "\(parameter.name) \(variance)"
        )
      }
    }
    // The row of the padding token, 0, is zero.
    #expect(model.embedding.value.array[..<32].allSatisfy { $0 == 0 })
    #expect(model.parameterCount == model.store.parameters.reduce(0) { $0 + $1.value.count })
  }

  @Test func initialValuesDependOnTheSeedAlone() throws {
    func values(threads: Int, seed: UInt64) throws -> [[Float]] {
      DecoderModel(
        configuration: smallConfiguration(.qwen3),
        backend: try makeBackend(threads: threads),
        seed: seed
      ).store.parameters.map(\.value.array)
    }
    let reference = try values(threads: 1, seed: 1)
    #expect(try values(threads: 2, seed: 1) == reference)
    #expect(try values(threads: 2, seed: 2) != reference)
    // No two matrices are the same draws.
    let matrices = reference.filter { $0.count > 64 }
    #expect(Set(matrices.map { $0[40] }).count == matrices.count)
  }

  @Test func copiesAreSeparate() throws {
    let backend = try makeBackend()
    let model = DecoderModel(configuration: smallConfiguration(.llama), backend: backend, seed: 1)
    model.generation.topK = 7
    let copy = DecoderModel(copying: model)
    #expect(!copy.store.isTrainable && copy.generation.topK == 7)
    let tokens = [someTokens(12, below: 61)]
    let before = model.nextTokenLogProbs(tokens)
    #expect(copy.nextTokenLogProbs(tokens) == before)
    backend.fill(model.norm.value.buffer, with: 0.5)
    #expect(copy.nextTokenLogProbs(tokens) == before)
    #expect(model.nextTokenLogProbs(tokens) != before)
    copy.copyParameters(from: model)
    #expect(copy.nextTokenLogProbs(tokens) == model.nextTokenLogProbs(tokens))
  }

  @Test func packedBatches() {
    let batch = PackedBatch([[5, 6, 7], [8], [9, 3]])
    #expect(batch.tokens == [5, 6, 7, 8, 9, 3])
    #expect(batch.segments == [0, 3, 4, 6])
    #expect(batch.positions == [0, 1, 2, 0, 0, 1])
    #expect(batch.nextTokenTargets.rows == [0, 1, 4])
    #expect(batch.nextTokenTargets.targets == [6, 7, 3])
    #expect(batch.range(of: 2) == 4..<6 && batch.segmentCount == 3)
  }

  @Test func segmentsThatContinueAnother() {
    var batch = PackedBatch()
    #expect(batch.append([5, 6, 7]) == 0)
    #expect(batch.append([8], continuing: 0) == 1)
    #expect(batch.append([4, 2]) == 2)
    #expect(batch.append([9, 3], continuing: 0) == 3)
    #expect(batch.tokens == [5, 6, 7, 8, 4, 2, 9, 3])
    #expect(batch.segments == [0, 3, 4, 6, 8])
    #expect(batch.prefixes == [-1, 0, -1, 0])
    #expect(batch.positions == [0, 1, 2, 3, 0, 1, 3, 4])
  }
}
