/// A wavelet transform in one of the two precisions.
public protocol SignalTransform: AnyObject {
    associatedtype Scalar: TransformScalar

    var settings: TransformSettings { get }
    /// By scale: column `i` of its row is at sample `i << shift` of the signal.
    var columnShifts: [Int] { get }
    /// Samples between the starts of two coefficient rows after the last `transform`.
    var rowStride: Int { get }

    func transform(_ signal: UnsafeBufferPointer<Scalar>, scales selected: Range<Int>) -> UnsafePointer<Scalar>
    func withRows<Result>(
        _ signal: UnsafeBufferPointer<Scalar>, scales selected: Range<Int>,
        _ body: ((_ row: Int) -> UnsafePointer<Scalar>) -> Result
    ) -> Result
}

extension DoubleWaveletTransform: SignalTransform {}
extension FloatWaveletTransform: SignalTransform {}
