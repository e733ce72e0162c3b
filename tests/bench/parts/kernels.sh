# Each kernel against its roofline.
while IFS=$'\t' read -r name value unit rival other; do
	row "$name" "$value" "$unit" ${rival:+"$rival" "$other"}
done < <(OPENBLAS_NUM_THREADS=1 kernels)
